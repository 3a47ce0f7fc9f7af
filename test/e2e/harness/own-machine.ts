import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { createCgroup } from './cgroups.ts';

/** What a process in an {@link OwnMachine} knows of it. */
export interface MachineFacts {
  /** Its own, for everything that it writes; TMPDIR too. Removed with it. */
  readonly folder: string;
  /** Logs of what ran here; kept where something failed. */
  readonly logs: string;
  /** Name of its cgroup, which exists in every hierarchy. */
  readonly cgroup: string;
}

/** A process that wants a machine of its own was started without. */
export class OwnMachineError extends Error {
  override readonly name = 'OwnMachineError';
  readonly code = 'SP_NO_OWN_MACHINE';
}

const factsVariable = 'SPIDERPOOL_OWN_MACHINE';
/**
 * When its standard input ends: removes the folder $1 and the cgroups that follow, for 20 s, as their processes may be dying just now. In a session of
 * its own, an interrupt from the terminal does not reach it.
 */
const removeAtTheEnd = `
cat >/dev/null
folder=$1; shift
tries=0
while [ $tries -lt 200 ]; do
  left=no
  for cgroup in "$@"; do
    [ -d "$cgroup" ] && find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$cgroup" ] && left=yes
  done
  rm -rf -- "$folder" 2>/dev/null || left=yes
  [ $left = no ] && exit 0
  sleep 0.1
  tries=$((tries + 1))
done
exit 1`;
/** The first process of its namespace: buries orphans, and ends with the command. Background jobs read /dev/null unless told otherwise. */
const firstProcess = 'exec 3<&0; "$@" <&3 & exec 3<&-; wait $!';

/**
 * A machine in the machine: network, mounts, processes, host name and IPC of its own, a cgroup and a folder. Everything in it ends and vanishes with it, and it
 * with this process, however that ends. Only for root.
 */
export class OwnMachine implements AsyncDisposable {
  readonly facts: MachineFacts;
  readonly #keeper: ChildProcess;
  readonly #children = new Set<ChildProcess>();

  /** Use {@link createOwnMachine}. */
  constructor(facts: MachineFacts, keeper: ChildProcess) {
    this.facts = facts;
    this.#keeper = keeper;
  }

  /** Starts a command as the machine's first; with it everything in the machine ends. {@link ownMachine} tells it where it is. */
  spawn(command: string, args: readonly string[], stdio: StdioOptions = 'inherit'): ChildProcess {
    const child = spawn(
      'setpriv',
      [
        '--pdeathsig',
        'KILL',
        '--',
        'unshare',
        ...namespaceFlags,
        'sh',
        '-c',
        firstProcess,
        'sh',
        command,
        ...args,
      ],
      {
        stdio,
        env: { ...process.env, TMPDIR: this.facts.folder, [factsVariable]: JSON.stringify(this.facts) },
      },
    );
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }

  /** Moves the logs to a place where they outlive the machine. @returns that place */
  async keepLogs(): Promise<string> {
    const kept = await mkdtemp(join(tmpdir(), 'spiderpool-logs-'));
    const target = join(kept, 'logs');
    await rename(this.facts.logs, target);
    return target;
  }

  /** @throws OwnMachineError when something can't be removed */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.#children].map(async (child) => {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }),
    );
    const ended = once(this.#keeper, 'exit');
    this.#keeper.ref();
    this.#keeper.stdin?.end();
    await ended;
    if (this.#keeper.exitCode !== 0) {
      throw new OwnMachineError(`${this.facts.folder} or the cgroups ${this.facts.cgroup} can't be removed`);
    }
  }
}

/** Flags of unshare for a first process whose end is that of all others, and which ends with unshare. */
export const namespaceFlags = [
  '--net',
  '--mount',
  '--pid',
  '--uts',
  '--ipc',
  '--fork',
  '--kill-child=KILL',
  '--mount-proc',
  '--propagation=private',
  '--',
] as const;

/** Makes an {@link OwnMachine}, in which nothing runs yet. Hold it with `await using`. */
export async function createOwnMachine(): Promise<OwnMachine> {
  // Short: unix sockets allow 107 bytes.
  const folder = await mkdtemp(join(tmpdir(), 'spiderpool-'));
  const facts = { folder, logs: join(folder, 'logs'), cgroup: basename(folder) };
  await mkdir(facts.logs);
  const cgroups = createCgroup(facts.cgroup);
  const keeper = spawn('sh', ['-c', removeAtTheEnd, 'sh', folder, ...cgroups], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  await once(keeper, 'spawn');
  keeper.unref();
  if ('unref' in keeper.stdin && typeof keeper.stdin.unref === 'function') keeper.stdin.unref();
  return new OwnMachine(facts, keeper);
}

/** @returns the machine that this process runs in @throws OwnMachineError outside of one */
export function ownMachine(env: NodeJS.ProcessEnv = process.env): MachineFacts {
  const text = env[factsVariable];
  if (text === undefined) {
    throw new OwnMachineError('a cluster needs a machine of its own: start it with npm run test:e2e');
  }
  const facts = JSON.parse(text) as MachineFacts;
  if (!existsSync(facts.folder)) throw new OwnMachineError(`${facts.folder} is gone`);
  return facts;
}
