import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** Enough of a log's end for a message. */
const tailCharacters = 4000;

export interface ServerProcessOptions {
  readonly executable: string;
  readonly args: readonly string[];
  /** Its working folder. */
  readonly folder: string;
  /** Gets both of its outputs, appended. */
  readonly logFile: string;
}

/**
 * A server that runs beside the tests. It is killed with this process, however that ends, and does not keep it alive.
 */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #logFile: string;

  constructor({ executable, args, folder, logFile }: ServerProcessOptions) {
    this.#logFile = logFile;
    const log = openSync(logFile, 'a', 0o600);
    try {
      // setpriv becomes the server, so the pid is the server's own. The kernel ends it with us.
      this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', executable, ...args], {
        cwd: folder,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
    this.#exited = once(this.#child, 'exit').catch(() => undefined);
    this.#child.unref();
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  /** The end of what it printed. */
  get logTail(): string {
    return readFileSync(this.#logFile, 'utf8').slice(-tailCharacters);
  }

  /** Sends a signal and does not wait. Does nothing once it has ended. */
  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.#child.kill(signal);
  }

  /** Kills it, stopped or not, and waits for its end. */
  async kill(): Promise<void> {
    if (this.pid === undefined) return;
    // It does not keep this process alive, its end has to be awaited all the same.
    this.#child.ref();
    this.signal('SIGKILL');
    await this.#exited;
  }
}
