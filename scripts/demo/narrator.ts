import { inspect, isDeepStrictEqual, styleText } from 'node:util';
import { wrapText } from '../../src/cli/table.ts';
import { DemoError } from './demo-error.ts';

/** Columns of text that read well everywhere; what programs print is shown as it is. */
const widthMax = 100;

type Style = Parameters<typeof styleText>[0];

/** Tells a person what happens, and holds every claim against what was seen. */
export class Narrator {
  readonly #output: NodeJS.WritableStream;
  #sections = 0;
  #claims = 0;

  /** @param output styles are used only where it is a terminal that has them */
  constructor(output: NodeJS.WritableStream) {
    this.#output = output;
  }

  /** How many claims held so far. */
  get claims(): number {
    return this.#claims;
  }

  /** Whether styles are seen, so that a program whose output is shown may use them too. */
  get styled(): boolean {
    return this.#styled('bold', 'x') !== 'x';
  }

  /** The title of the whole. */
  title(text: string): void {
    this.#line(`\n${this.#styled('bold', text)}`);
  }

  /** Begins a section; they are numbered. */
  section(title: string): void {
    this.#sections += 1;
    this.#line(`\n${this.#styled(['bold', 'cyan'], `${this.#sections}. ${title}`)}`);
  }

  /** Explains. */
  say(text: string): void {
    this.#indented(wrapText(text, widthMax), 2);
  }

  /** What is run: a shell command, or the call that a container runtime makes. */
  command(text: string): void {
    this.#line(`  ${this.#styled('bold', `$ ${text}`)}`);
  }

  /** What a program printed, or the content of a file. */
  block(text: string): void {
    this.#indented(text.trimEnd().split('\n'), 4);
  }

  /** A message as a program gave it, on as many lines as it needs. */
  message(text: string): void {
    this.#indented(
      wrapText(text, widthMax - 2).map((line) => this.#styled('yellow', line)),
      4,
    );
  }

  /**
   * States something that is true only if `actual` equals `expected`, deeply.
   * @throws DemoError when it does not
   */
  claim(text: string, actual: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(actual, expected)) {
      const show = (value: unknown): string => inspect(value, { depth: 6, breakLength: widthMax });
      throw new DemoError(`"${text}" is not so\n  expected ${show(expected)}\n  but got  ${show(actual)}`);
    }
    this.#claims += 1;
    const [first = '', ...rest] = wrapText(text, widthMax - 2);
    this.#line(`  ${this.#styled('green', '✓')} ${first}`);
    this.#indented(rest, 4);
  }

  #indented(lines: readonly string[], columns: number): void {
    for (const line of lines) this.#line(line === '' ? '' : ' '.repeat(columns) + line);
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }

  #styled(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#output });
  }
}
