import { createInterface } from 'node:readline';
import { styleText } from 'node:util';
import type { Paint } from '../../src/cli/table.ts';
import { sanitizeText } from '../../src/cni/sanitize-text.ts';
import { CtlError } from './ctl-error.ts';

/** What is done sooner needs no word of it. */
const progressAfterMs = 1_000;

/** So often progress is told at most: more can't be read. */
const progressEveryMs = 100;

/** Back to the beginning of the line, and nothing after it (ECMA-48: EL 2). */
const clearLine = '\r\u001b[2K';

/** The three streams that a command talks to a person through. */
export interface UserStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

/** Answers go to stdout; what is said about them, and questions, to stderr, so that a pipe gets answers alone. */
export class UserConsole {
  readonly #streams: UserStreams;
  readonly #startedMs = performance.now();
  #toldMs = 0;
  #hasProgress = false;

  constructor(streams: UserStreams) {
    this.#streams = streams;
  }

  /** Writes an answer; texts from outside must have been escaped by whoever formatted it. */
  print(text: string): void {
    this.clearProgress();
    this.#streams.stdout.write(text);
  }

  /** Says one line on stderr; control characters are escaped. */
  note(text: string): void {
    this.clearProgress();
    this.#streams.stderr.write(`${sanitizeText(text)}\n`);
  }

  /** Says why the command failed. */
  fail(text: string): void {
    this.clearProgress();
    const label = styleText('red', 'spiderpoolctl:', { stream: this.#streams.stderr });
    this.#streams.stderr.write(`${label} ${sanitizeText(text)}\n`);
  }

  /** Shows how far something is that takes long, in a line that the next one replaces; only to a person. */
  progress(text: string): void {
    const nowMs = performance.now();
    if (this.#streams.stderr.isTTY !== true || nowMs - this.#startedMs < progressAfterMs) return;
    if (nowMs - this.#toldMs < progressEveryMs) return;
    this.#toldMs = nowMs;
    this.#hasProgress = true;
    this.#streams.stderr.write(`${clearLine}${sanitizeText(text)}`);
  }

  /** Takes the line of {@link progress} away. */
  clearProgress(): void {
    if (!this.#hasProgress) return;
    this.#hasProgress = false;
    this.#streams.stderr.write(clearLine);
  }

  /** Styles for stdout: none when it is no terminal, or NO_COLOR is set. */
  get paint(): Paint {
    return (style, text) => styleText(style, text, { stream: this.#streams.stdout });
  }

  /** Columns of the terminal; undefined when stdout is none. */
  get widthMax(): number | undefined {
    return this.#streams.stdout.isTTY === true ? this.#streams.stdout.columns : undefined;
  }

  /** True when there is a person who can be asked. */
  get interactive(): boolean {
    return this.#streams.stdin.isTTY === true && this.#streams.stderr.isTTY === true;
  }

  /** What may be read when a file is named `-`. */
  get stdin(): NodeJS.ReadableStream {
    return this.#streams.stdin;
  }

  /**
   * Asks a question that only `y` or `yes` confirms; the end of the input is a no.
   * @throws {CtlError} `CTL_INTERRUPTED` when the signal is aborted
   */
  async confirm(question: string, signal: AbortSignal): Promise<boolean> {
    // `terminal: false` leaves Ctrl-C to the terminal's driver, and with it to the signal's owner.
    const lines = createInterface({ input: this.#streams.stdin, terminal: false });
    this.clearProgress();
    this.#streams.stderr.write(`${sanitizeText(question)} [y/N] `);
    const { promise, resolve } = Promise.withResolvers<string>();
    const interrupt = (): void => lines.close();
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      const answer = await promise;
      if (signal.aborted) throw new CtlError('CTL_INTERRUPTED', 'interrupted');
      return /^\s*y(es)?\s*$/i.test(answer);
    } finally {
      signal.removeEventListener('abort', interrupt);
      lines.close();
    }
  }
}
