import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../integration/harness/until.ts';
import { cniPluginNames, findCniPlugins } from '../../support/cni-plugins.ts';
import { repositoryFolder } from '../../support/doc-blocks.ts';
import { CommandError, type CommandResult } from '../../support/run-command.ts';
import { createSandbox, type Sandbox } from '../../support/sandbox.ts';
import { cgroupHierarchies } from '../harness/cgroups.ts';
import { ImageArchive } from '../harness/image-archive.ts';
import { ownMachine } from '../harness/own-machine.ts';

/** An address that somebody has, as `spiderpoolctl allocations` shows it. */
export interface AllocationRow {
  readonly address: string;
  readonly network: string;
  readonly heldBy: string;
}

/** Runtimes take a second; a loaded machine gets its time. */
const commandTimeoutMs = 120_000;

/** Folders of its own for everything that a runtime and the product write, all in memory and unseen by the rest of the machine. */
const ownFolders = `
memory=$1
mount -t tmpfs tmpfs "$memory"
for folder in /etc /opt; do
  mkdir -p "$memory/upper$folder" "$memory/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$memory/upper$folder,workdir=$memory/work$folder" "$folder"
done
for folder in /run /var/lib /var/log /dev/shm; do mount -t tmpfs tmpfs "$folder"; done
rm -rf /etc/cni /etc/containers /etc/containerd /etc/nerdctl /etc/spidernet /opt/cni /opt/containerd
mkdir -p /etc/cni/net.d /etc/containers /etc/spidernet/pools /opt/cni/bin
ip link set lo up`;

/**
 * A host on which docs/install-on-a-host.md was followed: plugin, pools, network `pods-bridge`, running agent, all at their usual paths, and `spiderpoolctl` in
 * the PATH. Only in an own machine.
 */
export class Host implements AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly #programs: string;
  readonly #cgroupsBefore = runtimeCgroups();
  #agent: ChildProcess | undefined;

  /** Use {@link startHost}. */
  constructor(sandbox: Sandbox, programs: string) {
    this.sandbox = sandbox;
    this.#programs = programs;
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, PATH: `${this.#programs}:${process.env['PATH'] ?? ''}` };
  }

  /** Runs a shell command as the page has it. A failing one is a result. */
  async try(command: string): Promise<CommandResult> {
    return this.sandbox.run('sh', ['-c', command], { env: this.#env, timeoutMs: commandTimeoutMs });
  }

  /** @returns what it printed @throws CommandError when it fails, with all that it printed */
  async run(command: string): Promise<string> {
    const { exitCode, stdout, stderr } = await this.try(command);
    if (exitCode === 0) return stdout;
    throw new CommandError('SP_COMMAND_FAILED', `${command}: ${String(exitCode)}: ${stdout}${stderr}`);
  }

  /** Starts a program and leaves it running until the host ends; its output is in `<name>.log` of the machine's logs. */
  async start(name: string, command: string): Promise<ChildProcess> {
    const log = join(ownMachine().logs, `${name}.log`);
    const child = this.sandbox.spawn('sh', ['-c', `exec ${command} >>"$0" 2>&1`, log], {
      env: this.#env,
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    return child;
  }

  async startAgent(): Promise<void> {
    this.#agent = await this.start('host-agent', 'spiderpool-agent daemon --store embedded');
    await until('the agent answers', async () => (await this.try('spiderpoolctl pools')).exitCode === 0);
  }

  async stopAgent(): Promise<void> {
    const agent = this.#agent;
    if (agent === undefined) return;
    this.#agent = undefined;
    const ended = once(agent, 'exit');
    agent.kill('SIGTERM');
    await ended;
  }

  async writeFile(path: string, text: string): Promise<void> {
    await writeFile(this.#outside(path), text);
  }

  async allocations(): Promise<readonly AllocationRow[]> {
    const [, ...lines] = (await this.run('spiderpoolctl allocations')).trimEnd().split('\n');
    return lines.map((line) => {
      const [address = '', , network = '', , heldBy = ''] = line.split(/ {2,}/);
      return { address, network, heldBy };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAgent();
    const cgroups = runtimeCgroups().filter((folder) => !this.#cgroupsBefore.includes(folder));
    if (cgroups.length > 0) await this.try(`find ${cgroups.join(' ')} -depth -type d -exec rmdir {} +`);
    await this.sandbox[Symbol.asyncDispose]();
  }

  /** A path of the host as this process has to name it. */
  #outside(path: string): string {
    return `/proc/${this.sandbox.pid}/root${path}`;
  }

  /** What "Install on a host" puts there. */
  async install(): Promise<void> {
    const { dir } = await findCniPlugins(cniPluginNames);
    const plugins = this.#outside('/opt/cni/bin');
    for (const name of cniPluginNames) await copyFile(join(dir, name), join(plugins, name));
    await copyFile(join(repositoryFolder, 'dist/spiderpool'), join(plugins, 'spiderpool'));
    const examples = join(repositoryFolder, 'docs/examples');
    for (const [file, target] of [
      ['pools.yaml', '/etc/spidernet/pools/pools.yaml'],
      ['20-pods-bridge.conflist', '/etc/cni/net.d/20-pods-bridge.conflist'],
    ] as const)
      await copyFile(join(examples, file), this.#outside(target));
    await mkdir(this.#programs);
    for (const name of ['spiderpool-agent', 'spiderpoolctl']) {
      await this.addProgram(name, process.execPath, `${join(repositoryFolder, 'dist', name)}.js`);
    }
  }

  /** Puts a program into the host's PATH. @param command runs it */
  async addProgram(name: string, ...command: readonly string[]): Promise<void> {
    const words = command.map((word) => `"${word}"`).join(' ');
    await writeFile(join(this.#programs, name), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
}

/** What runtimes make for all of their containers and never remove, and for those that are killed. */
function runtimeCgroups(): readonly string[] {
  return cgroupHierarchies().flatMap((hierarchy) =>
    globSync(['libpod_parent/', 'libpod_parent/*/', 'default/', 'default/*/'], { cwd: hierarchy }).map(
      (name) => join(hierarchy, name),
    ),
  );
}

/** Makes a {@link Host}. Hold it with `await using`. */
export async function startHost(): Promise<Host> {
  const sandbox = await createSandbox();
  const host = new Host(sandbox, join(sandbox.folder, 'bin'));
  try {
    const memory = join(sandbox.folder, 'memory');
    await mkdir(memory);
    const setUp = ['-ec', ownFolders, 'sh', memory];
    const { exitCode, stderr } = await sandbox.run('sh', setUp);
    if (exitCode !== 0) throw new CommandError('SP_COMMAND_FAILED', stderr);
    await host.install();
    await host.startAgent();
    return host;
  } catch (error) {
    await host[Symbol.asyncDispose]();
    throw error;
  }
}

/** Makes the image `busybox` of that of this machine. @returns path of an archive that `load -i` of every runtime reads */
export async function makeBusyboxArchive(host: Host): Promise<string> {
  const root = join(host.sandbox.folder, 'busybox-root');
  await host.run(
    `mkdir -p ${root}/bin ${root}/tmp && cp "$(command -v busybox)" ${root}/bin/busybox &&
     for name in ip sh sleep; do ln -s busybox ${root}/bin/$name; done`,
  );
  const archive = await ImageArchive.create(join(host.sandbox.folder, 'images'));
  await archive.addImage({
    name: 'docker.io/library/busybox:latest',
    layers: [await archive.addLayer(root)],
    config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  });
  return archive.finish();
}

/** Processes of the own machine whose command line has this text. */
export async function findProcesses(text: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const name of (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry))) {
    try {
      const words = await readFile(`/proc/${name}/cmdline`, 'utf8');
      if (words.includes(text) && Number(name) !== process.pid) pids.push(Number(name));
    } catch {
      // It has ended.
    }
  }
  return pids;
}
