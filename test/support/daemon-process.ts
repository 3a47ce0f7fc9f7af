import { type ChildProcess, spawn } from 'node:child_process';

/** How a process ended. */
export interface ProcessExit {
  readonly exitCode: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** It stops within 2 s; after this it is killed, so that a test ends. */
const stopTimeoutMs = 20_000;
/** Kept for messages and assertions; a benchmark's daemon may log much more. */
const logCharactersMax = 4 * 1024 * 1024;
/** Enough of a log's end for a message. */
const tailCharacters = 4_000;

/** Daemons that this process must not leave behind, whichever way it ends. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One of the project's daemons as a child process, which may be ended and started again. */
export class DaemonProcess {
  #process: ChildProcess | undefined;
  #exit: Promise<ProcessExit> = Promise.resolve({ exitCode: undefined, signal: undefined });
  #log = '';

  /** Undefined while it is not running. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What it printed on both outputs since its first start. */
  get log(): string {
    return this.#log;
  }

  /** The end of {@link log}. */
  get tail(): string {
    return this.#log.slice(-tailCharacters);
  }

  /** How it ends; settles with its end. */
  get exit(): Promise<ProcessExit> {
    return this.#exit;
  }

  /** Starts the command. @param env in place of this process's environment */
  spawn(command: readonly string[], env: NodeJS.ProcessEnv): void {
    const [executable = process.execPath, ...args] = command;
    const child = spawn(executable, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    running.add(child);
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-logCharactersMax);
      });
    }
    this.#exit = new Promise((resolve) => {
      const ended = (exitCode: number | null, signal: NodeJS.Signals | null): void => {
        running.delete(child);
        this.#process = undefined;
        resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined });
      };
      child.on('close', ended);
      child.on('error', (error) => {
        this.#log += `${error.message}\n`;
        ended(null, null);
      });
    });
  }

  /** Sends the signal and waits for the end of the process. Not running: returns how it ended. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<ProcessExit> {
    this.#process?.kill(signal);
    return this.#exit;
  }

  /** Stops it with SIGTERM; kills it when that takes too long. */
  async stop(): Promise<ProcessExit> {
    const child = this.#process;
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopTimeoutMs);
    try {
      return await this.kill('SIGTERM');
    } finally {
      clearTimeout(timer);
    }
  }
}
