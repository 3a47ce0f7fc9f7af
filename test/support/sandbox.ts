import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { endProcessesBeside } from './end-processes.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { type CommandResult, type RunCommandOptions, runCommand, runOrThrow } from './run-command.ts';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.ts';

/** The kernel or the user's rights do not allow namespaces; the message is one line for a person. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly code = 'SP_SANDBOX_UNAVAILABLE';
}

/**
 * A node to itself: network and mount namespaces of its own, so that bridges and bind mounts made in it touch nothing of the
 * machine, and vanish with it even when this process is killed. The file system is the machine's. Held by a process that reads
 * a pipe of ours; where this process is not root, in a user namespace whose root it is.
 */
export class Sandbox implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #holder: ChildProcess;
  readonly #enter: readonly string[];
  #namespaces = 0;

  /** Use {@link createSandbox}. */
  constructor(folder: TemporaryFolder, holder: ChildProcess, userNamespace: boolean) {
    this.#folder = folder;
    this.#holder = holder;
    const user = userNamespace ? ['--user', '--preserve-credentials'] : [];
    this.#enter = [`--target=${this.pid}`, ...user, '--mount'];
  }

  /** Folder for what belongs to the sandbox; removed with it. Its owner is root as seen from inside. */
  get folder(): string {
    return this.#folder.path;
  }

  /** The process whose namespaces these are. */
  get pid(): number {
    if (this.#holder.pid === undefined) throw new SandboxError('the sandbox never started');
    return this.#holder.pid;
  }

  /** What stands before a command to run it here: `[program, ...arguments]`. @param netns path, else the node's own network */
  enterCommand(netns?: string): readonly string[] {
    // nsenter opens all files before it enters anything, so a path of the sandbox's has to be reached through its root.
    const net = netns === undefined ? '--net' : `--net=/proc/${this.pid}/root${netns}`;
    return ['nsenter', ...this.#enter, net, '--'];
  }

  /** Runs a command on the node. @param netns run it in this network namespace instead of the node's own */
  async run(
    command: string,
    args: readonly string[],
    options: RunCommandOptions & { readonly netns?: string } = {},
  ): Promise<CommandResult> {
    const [program = '', ...before] = this.enterCommand(options.netns);
    return runCommand(program, [...before, command, ...args], options);
  }

  /** Starts a command on the node and leaves it running; its pid is that of the command itself. The caller ends it. */
  spawn(
    command: string,
    args: readonly string[],
    options: SpawnOptions & { readonly netns?: string } = {},
  ): ChildProcess {
    const [program = '', ...before] = this.enterCommand(options.netns);
    return spawn(program, [...before, command, ...args], options);
  }

  /** Makes a network namespace on the node as runtimes do: a bind mount that no process is needed to keep. */
  async createNetworkNamespace(name = `pod-${this.#namespaces}`): Promise<NetworkNamespace> {
    this.#namespaces += 1;
    const path = join(this.folder, name);
    closeSync(openSync(path, 'wx', 0o444));
    const [program = '', ...before] = this.enterCommand();
    await runOrThrow(program, [...before, 'unshare', `--net=${path}`, 'true']);
    return new NetworkNamespace(this, path);
  }

  /** Ends everything that runs here: with the last process in them the kernel removes both namespaces and all that is in them. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) {
      endProcessesBeside(this.pid);
      // It does not keep this process alive, its end has to be awaited all the same.
      this.#holder.ref();
      this.#holder.kill('SIGKILL');
      await once(this.#holder, 'exit');
    }
    await this.#folder[Symbol.asyncDispose]();
  }
}

export interface CreateSandboxOptions {
  /** Go without root's rights even where this process has them. @default false */
  readonly userNamespace?: boolean;
}

/**
 * Makes a {@link Sandbox}. Hold it with `await using`.
 * @throws SandboxError where neither root's rights nor user namespaces are available
 */
export async function createSandbox(options: CreateSandboxOptions = {}): Promise<Sandbox> {
  const folder = await temporaryFolder();
  const refusals: string[] = [];
  const asRoot = process.geteuid?.() === 0 && options.userNamespace !== true;
  // Root without CAP_SYS_ADMIN, as in a plain container, may still be allowed a user namespace.
  for (const userNamespace of asRoot ? [false, true] : [true]) {
    const outcome = await startHolder(userNamespace);
    if (typeof outcome !== 'string') return new Sandbox(folder, outcome, userNamespace);
    refusals.push(outcome);
  }
  await folder[Symbol.asyncDispose]();
  throw new SandboxError(
    `network namespaces are not permitted here (${refusals.join('; ')}): run as root or allow user namespaces`,
  );
}

/** @returns the running holder, or why it could not start */
async function startHolder(userNamespace: boolean): Promise<ChildProcess | string> {
  const user = userNamespace ? ['--user', '--map-root-user'] : [];
  // `cat` ends when the pipe does: at the latest with this process, however it ends.
  const script = 'echo ready; exec cat';
  const holder = spawn(
    'unshare',
    [...user, '--net', '--mount', '--propagation=private', 'sh', '-c', script],
    { stdio: 'pipe' },
  );
  let printed = '';
  let complaint = '';
  holder.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  return new Promise((resolve) => {
    holder.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (!printed.includes('ready')) return;
      // The caller's own process may end without waiting for the holder.
      holder.unref();
      for (const stream of [holder.stdin, holder.stdout, holder.stderr]) unrefStream(stream);
      resolve(holder);
    });
    holder.on('error', (error) => resolve(error.message));
    holder.on('close', () => resolve(complaint.trim() || 'unshare failed without a message'));
  });
}

function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
