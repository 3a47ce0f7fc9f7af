import { readFileSync } from 'node:fs';
import { until } from '../../integration/harness/until.ts';
import { ServerProcess, type ServerProcessOptions } from '../../support/server-process.ts';

/** A server in a node's namespaces, with a parent outside of them. */
export class NodeProcess {
  readonly #outer: ServerProcess;

  /** @param enter what stands before a command to run it in the node */
  constructor(enter: readonly string[], options: ServerProcessOptions) {
    const [program = '', ...before] = enter;
    this.#outer = new ServerProcess({
      ...options,
      executable: program,
      args: [...before, options.executable, ...options.args],
    });
  }

  get isRunning(): boolean {
    return this.#outer.isRunning;
  }

  get logTail(): string {
    return this.#outer.logTail;
  }

  /** Sends a signal to the server itself; its parent ends with it. */
  signal(signal: NodeJS.Signals): void {
    const { pid } = this.#outer;
    if (pid === undefined || !this.isRunning) return;
    for (const child of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')) {
      if (Number(child) > 0) process.kill(Number(child), signal);
    }
  }

  /** Ends it and waits for that. */
  async stop(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(signal);
    await until(`the server has ended after ${signal}`, () => !this.isRunning);
  }
}
