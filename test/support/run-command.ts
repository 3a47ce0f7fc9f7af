import { spawn } from 'node:child_process';

/** How a command ended and what it printed. */
export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunCommandOptions {
  /** The whole environment. @default this process's */
  readonly env?: NodeJS.ProcessEnv;
  /** Written to its standard input, which is closed afterwards. @default '' */
  readonly stdin?: string | Uint8Array;
  /** @default this process's folder */
  readonly cwd?: string;
  /** Kills the command after so long, milliseconds. @default 60_000 */
  readonly timeoutMs?: number;
  /** Kills the command when it prints more on one of its outputs, bytes. @default 4 MiB */
  readonly outputBytesMax?: number;
}

/** A command could not be started, was killed at one of its bounds, or failed where success is needed. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: 'SP_COMMAND_START' | 'SP_COMMAND_TIMEOUT' | 'SP_COMMAND_OUTPUT' | 'SP_COMMAND_FAILED';

  constructor(code: CommandError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A generous limit: what runs here takes milliseconds, and a hang must not stop a test run for ever. */
const timeoutMsDefault = 60_000;
const outputBytesMaxDefault = 4 * 1024 * 1024;

/**
 * Runs a command to its end, within bounds of time and output. A failing command is a result.
 * @throws CommandError when it can't be started or a bound is reached
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<CommandResult> {
  const { timeoutMs = timeoutMsDefault, outputBytesMax = outputBytesMaxDefault } = options;
  const shown = [command, ...args].join(' ').slice(0, 200);
  const child = spawn(command, args, { env: options.env, cwd: options.cwd, stdio: 'pipe' });
  return new Promise((resolve, reject) => {
    let broken: CommandError | undefined;
    function giveUp(error: CommandError): void {
      broken ??= error;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open after the command itself is dead.
      child.stdout.destroy();
      child.stderr.destroy();
    }
    function collect(stream: NodeJS.ReadableStream): () => string {
      const chunks: Buffer[] = [];
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= outputBytesMax) chunks.push(chunk);
        else
          giveUp(
            new CommandError('SP_COMMAND_OUTPUT', `${shown}: more than ${outputBytesMax} bytes of output`),
          );
      });
      return () => Buffer.concat(chunks).toString();
    }
    const timer = setTimeout(() => {
      giveUp(new CommandError('SP_COMMAND_TIMEOUT', `${shown}: not finished after ${timeoutMs} ms`));
    }, timeoutMs);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(new CommandError('SP_COMMAND_START', `${shown}: ${error.message}`, { cause: error }));
    });
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer);
      if (broken !== undefined) reject(broken);
      else
        resolve({
          exitCode: exitCode ?? undefined,
          signal: signal ?? undefined,
          stdout: stdout(),
          stderr: stderr(),
        });
    });
    // A command that ends without reading its input is no error of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
  });
}

/**
 * Runs a command that has to succeed.
 * @returns what it printed on stdout
 * @throws CommandError as {@link runCommand}, and with its stderr when it fails
 */
export async function runOrThrow(
  command: string,
  args: readonly string[],
  options: RunCommandOptions = {},
): Promise<string> {
  const result = await runCommand(command, args, options);
  if (result.exitCode === 0) return result.stdout;
  const how = result.signal ?? `exit ${String(result.exitCode)}`;
  const shown = [command, ...args].join(' ').slice(0, 200);
  throw new CommandError('SP_COMMAND_FAILED', `${shown}: ${how}: ${result.stderr.trim() || 'no message'}`);
}
