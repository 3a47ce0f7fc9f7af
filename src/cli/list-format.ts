import { formatJson, formatYaml } from './machine-format.ts';

/** Formats for programs. */
export type MachineFormat = 'json' | 'yaml';

/**
 * An object with one list in it, written page by page: what comes out in all is what {@link formatJson} or {@link formatYaml} makes of the
 * whole, and only a page is held.
 */
export class ListFormat {
  readonly #key: string;
  readonly #format: MachineFormat;
  #isOpen = false;

  /** @param key of the list; letters only */
  constructor(key: string, format: MachineFormat) {
    this.#key = key;
    this.#format = format;
  }

  /** The text of further items. */
  page(items: readonly unknown[]): string {
    if (items.length === 0) return '';
    const isFirst = !this.#isOpen;
    this.#isOpen = true;
    if (this.#format === 'yaml') {
      const text = formatYaml({ [this.#key]: items });
      return isFirst ? text : text.slice(`${this.#key}:\n`.length);
    }
    const text = formatJson({ [this.#key]: items }).slice(0, -this.#jsonEnd.length);
    return isFirst ? text : `,\n${text.slice(`{\n  "${this.#key}": [\n`.length)}`;
  }

  /** The text that closes the list; once, after all pages. */
  end(): string {
    if (this.#isOpen) return this.#format === 'yaml' ? '' : this.#jsonEnd;
    return this.#format === 'yaml' ? formatYaml({ [this.#key]: [] }) : formatJson({ [this.#key]: [] });
  }

  get #jsonEnd(): string {
    return '\n  ]\n}\n';
  }
}
