import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { CommandResult, RunCommandOptions } from './run-command.ts';
import { CommandError } from './run-command.ts';

/** What a network namespace needs of the node it is on. */
interface Node {
  readonly pid: number;
  run(
    command: string,
    args: readonly string[],
    options?: RunCommandOptions & { readonly netns?: string },
  ): Promise<CommandResult>;
  spawn(
    command: string,
    args: readonly string[],
    options?: SpawnOptions & { readonly netns?: string },
  ): ChildProcess;
}

/** A pod's network namespace, kept by a bind mount at `path`. */
export class NetworkNamespace implements AsyncDisposable {
  /** As processes on the node see it: what goes into `CNI_NETNS`. */
  readonly path: string;
  readonly #node: Node;
  #deleted: Promise<void> | undefined;

  /** Use `Sandbox.createNetworkNamespace`. */
  constructor(node: Node, path: string) {
    this.#node = node;
    this.path = path;
  }

  /** `device:inode` of the namespace, which identifies it as long as it lives. */
  get identity(): string {
    const { dev, ino } = statSync(`/proc/${this.#node.pid}/root${this.path}`);
    return `${dev}:${ino}`;
  }

  /** Runs a command in the namespace. */
  async run(
    command: string,
    args: readonly string[],
    options: RunCommandOptions = {},
  ): Promise<CommandResult> {
    return this.#node.run(command, args, { ...options, netns: this.path });
  }

  /** Starts a command in the namespace and leaves it running; the caller ends it. */
  spawn(command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    return this.#node.spawn(command, args, { ...options, netns: this.path });
  }

  /**
   * Removes the namespace as a runtime does, and with it every NIC in it. A second call does nothing.
   * @throws CommandError when the mount can't be removed
   */
  async delete(): Promise<void> {
    this.#deleted ??= this.#delete();
    return this.#deleted;
  }

  async #delete(): Promise<void> {
    const result = await this.#node.run('umount', [this.path]);
    if (result.exitCode !== 0) throw new CommandError('SP_COMMAND_FAILED', result.stderr.trim());
    await unlink(this.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.delete();
  }
}
