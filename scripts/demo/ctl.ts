import { fileURLToPath } from 'node:url';
import type * as z from 'zod';
import { parseExactJson } from '../../src/api/exact-json.ts';
import { runCommand } from '../../test/support/run-command.ts';
import { DemoError } from './demo-error.ts';

const executable = fileURLToPath(new URL('../../dist/spiderpoolctl.js', import.meta.url));

/** spiderpoolctl's own: 0 is done or yes, 1 is no. */
const exitCodes: ReadonlySet<number | undefined> = new Set([0, 1]);

/** Runs the real spiderpoolctl against one agent. */
export class Ctl {
  readonly #socketPath: string;
  readonly #styled: boolean;

  /** @param styled let it use colours, although its output goes through us */
  constructor(socketPath: string, styled: boolean) {
    this.#socketPath = socketPath;
    this.#styled = styled;
  }

  /** @returns what a person would see @throws DemoError when it fails */
  async show(args: readonly string[]): Promise<string> {
    return this.#run(args, this.#styled ? { FORCE_COLOR: '1' } : {});
  }

  /** The same answer for a program. @throws DemoError when it fails, or answers in another shape */
  async read<T>(args: readonly string[], schema: z.ZodType<T>): Promise<T> {
    const text = await this.#run([...args, '-o', 'json'], {});
    const parsed = schema.safeParse(parseExactJson(text));
    if (parsed.success) return parsed.data;
    throw new DemoError(`spiderpoolctl ${args.join(' ')} answers in an unknown shape: ${text}`);
  }

  async #run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
    const all = [executable, '--socket', this.#socketPath, ...args];
    const { FORCE_COLOR: _, ...inherited } = process.env;
    const { exitCode, stdout, stderr } = await runCommand(process.execPath, all, {
      env: { ...inherited, ...env },
    });
    if (exitCodes.has(exitCode) && stdout !== '') return stdout;
    throw new DemoError(`spiderpoolctl ${args.join(' ')} fails: ${stderr.trim() || `exit ${exitCode}`}`);
  }
}
