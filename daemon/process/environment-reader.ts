import { OptionsError } from './options-error.ts';

/** The environment of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

const portMax = 65_535;

/** What Go's `strconv.ParseBool` takes, which the original reads its switches with. */
const booleans: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false])),
};

/** Reads variables as the original does: values are trimmed, empty is not set, and what can't be read ends the start. */
export class EnvironmentReader {
  readonly #env: Environment;

  constructor(env: Environment) {
    this.#env = env;
  }

  /** The trimmed value; undefined when it is empty or not set. */
  text(name: string): string | undefined {
    const value = this.#env[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** @throws OptionsError when it is not set; `why` completes "…is not set: " */
  required(name: string, why: string): string {
    const value = this.text(name);
    if (value === undefined) throw new OptionsError(`${name} is not set: ${why}`);
    return value;
  }

  /** @throws OptionsError when it is no boolean */
  boolean(name: string, fallback: boolean): boolean {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Object.hasOwn(booleans, text) ? booleans[text] : undefined;
    if (value === undefined) throw new OptionsError(`${name} is "${text}": write true or false`);
    return value;
  }

  /** @throws OptionsError when it is no whole number */
  integer(name: string, fallback: number): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if (!/^[+-]?\d+$/.test(text)) throw new OptionsError(`${name} is "${text}": write a whole number`);
    return Number(text);
  }

  /**
   * A TCP port; undefined for 0, which opens none.
   *
   * @throws OptionsError when it is no port
   */
  port(name: string, fallback: number): number | undefined {
    const port = this.integer(name, fallback);
    if (port < 0 || port > portMax)
      throw new OptionsError(`${name} is ${port}: write a port from 1 to ${portMax}, or 0 for none`);
    return port === 0 ? undefined : port;
  }
}
