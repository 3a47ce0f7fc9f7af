import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../../integration/harness/until.ts';
import { cniPluginNames } from '../../support/cni-plugins.ts';
import {
  type CommandResult,
  type RunCommandOptions,
  runCommand,
  runOrThrow,
} from '../../support/run-command.ts';
import { createCgroup } from './cgroups.ts';
import { nodeAddress, plugIn } from './lan.ts';
import { containerdConfig, kubeletConfig, nodePaths } from './node-config.ts';
import { NodeProcess } from './node-process.ts';
import { type MachineFacts, namespaceFlags } from './own-machine.ts';

/** What a node is made of. */
export interface ClusterNodeOptions {
  /** Counted from 0. */
  readonly index: number;
  readonly machine: MachineFacts;
  /** Path of the executable. */
  readonly kubelet: string;
  readonly kubeconfig: string;
  /** Folder with the reference plugins, of which the node gets copies. */
  readonly cniPlugins: string;
}

/**
 * The first process of a node: mounts what a node has of its own, in memory, over the machine's. $1 is its name, $2 a folder for it, $3 one for its logs.
 * kubelet writes into sysctls that are the whole machine's: it gets files in their place.
 */
const firstProcess = `set -e
name=$1 own=$2 logs=$3
mount -t tmpfs -o mode=0755 node "$own"
mkdir "$own/sysctl" "$own/containerd" "$own/kubelet"
for sysctl in vm/overcommit_memory vm/panic_on_oom kernel/panic kernel/panic_on_oops kernel/keys/root_maxkeys kernel/keys/root_maxbytes; do
  [ -e /proc/sys/$sysctl ] || continue
  file="$own/sysctl/$(echo $sysctl | tr / .)"
  cat /proc/sys/$sysctl >"$file"
  mount --bind "$file" /proc/sys/$sysctl
done
for top in etc opt var; do
  mkdir "$own/$top" "$own/$top.work"
  mount -t overlay -o "lowerdir=/$top,upperdir=$own/$top,workdir=$own/$top.work" node /$top
done
mount -t tmpfs -o mode=0755 node /run
mkdir -p /run/lock /var/lib/containerd /var/lib/kubelet /var/log /opt/cni/bin /etc/cni/net.d
mount --bind "$own/containerd" /var/lib/containerd
mount --bind "$own/kubelet" /var/lib/kubelet
mount --bind "$logs" /var/log
mount --make-rshared /
echo "$name" >/proc/sys/kernel/hostname
echo ready
exec 3<&0
cat <&3 >/dev/null &
exec 3<&-
wait $!`;

/** A node of a cluster in test: containerd and kubelet in namespaces of their own, on the LAN. Everything in it ends with it. */
export class ClusterNode implements AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** Logs of its servers, and what lies in `/var/log` of a node. */
  readonly logs: string;
  readonly #options: ClusterNodeOptions;
  readonly #holder: ChildProcess;
  readonly #pid: number;
  #containerd: NodeProcess | undefined;
  #kubelet: NodeProcess | undefined;

  private constructor(options: ClusterNodeOptions, holder: ChildProcess, pid: number) {
    this.name = nodeName(options.index);
    this.address = nodeAddress(options.index);
    this.logs = logsOf(options);
    this.#options = options;
    this.#holder = holder;
    this.#pid = pid;
  }

  /** Makes the node's namespaces and starts its containerd; {@link startKubelet} is the caller's. */
  static async start(options: ClusterNodeOptions): Promise<ClusterNode> {
    const { index, machine } = options;
    const name = nodeName(index);
    const own = join(machine.folder, name);
    mkdirSync(own);
    mkdirSync(logsOf(options), { recursive: true });
    createCgroup(`${machine.cgroup}/${name}`);
    const holder = spawn(
      'unshare',
      [...namespaceFlags, 'sh', '-c', firstProcess, 'sh', name, own, logsOf(options)],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const pid = await firstPid(holder);
    await plugIn(index, pid);
    const node = new ClusterNode(options, holder, pid);
    await node.#fill();
    await node.startContainerd();
    return node;
  }

  /** What stands before a command to run it on the node. */
  get enterCommand(): readonly string[] {
    return ['nsenter', `--target=${this.#pid}`, '--net', '--mount', '--pid', '--uts', '--ipc', '--'];
  }

  /** Runs a command on the node. */
  async run(
    command: string,
    args: readonly string[],
    options: RunCommandOptions = {},
  ): Promise<CommandResult> {
    const [program = '', ...before] = this.enterCommand;
    return runCommand(program, [...before, command, ...args], options);
  }

  /** Runs a command on the node that has to succeed. @returns what it printed */
  async runOrThrow(
    command: string,
    args: readonly string[],
    options: RunCommandOptions = {},
  ): Promise<string> {
    const [program = '', ...before] = this.enterCommand;
    return runOrThrow(program, [...before, command, ...args], options);
  }

  /** A file of the node, as this process can open it. */
  pathOf(file: string): string {
    return `/proc/${this.#pid}/root${file}`;
  }

  /** Puts images of an archive of docker's form into containerd. */
  async importImages(archive: string): Promise<void> {
    await this.runOrThrow('ctr', ['--namespace=k8s.io', 'images', 'import', archive], { timeoutMs: 300_000 });
  }

  /** Writes a network list, as an installer does: containerd takes notice of renames inside of the folder only. */
  async writeNetwork(fileName: string, list: object): Promise<void> {
    const folder = this.pathOf(nodePaths.cniConf);
    await writeFile(join(folder, '.new'), JSON.stringify(list));
    await this.runOrThrow('mv', [`${nodePaths.cniConf}/.new`, `${nodePaths.cniConf}/${fileName}`]);
  }

  /** The text of containerd's own metrics. */
  async containerdMetrics(): Promise<string> {
    return this.runOrThrow('busybox', [
      'wget',
      '-q',
      '-O',
      '-',
      `http://${nodePaths.containerdMetrics}/v1/metrics`,
    ]);
  }

  async startContainerd(): Promise<void> {
    this.#containerd = this.#server('containerd', 'containerd', ['--config', '/etc/containerd-of-node.toml']);
    const containerd = this.#containerd;
    await until(`containerd of ${this.name} answers`, async () => {
      if (!containerd.isRunning) throw new Error(containerd.logTail);
      return (await this.run('ctr', ['version'])).exitCode === 0;
    });
  }

  startKubelet(): void {
    const { kubelet } = this.#options;
    this.#kubelet = this.#server('kubelet', kubelet, [
      '--config=/etc/kubelet-of-node.json',
      `--kubeconfig=${this.#options.kubeconfig}`,
      `--hostname-override=${this.name}`,
      `--node-ip=${this.address}`,
      '--v=2',
    ]);
  }

  /** Ends kubelet as a crash does; what it has started runs on. */
  async killKubelet(): Promise<void> {
    await this.#kubelet?.stop();
    this.#kubelet = undefined;
  }

  /** The node is gone at once, as by a power cut. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#holder.exitCode !== null || this.#holder.signalCode !== null) return;
    process.kill(this.#pid, 'SIGKILL');
    await once(this.#holder, 'exit');
  }

  #server(log: string, executable: string, args: readonly string[]): NodeProcess {
    const logFile = join(this.logs, `${log}.log`);
    return new NodeProcess(this.enterCommand, {
      executable,
      args,
      folder: this.#options.machine.folder,
      logFile,
    });
  }

  async #fill(): Promise<void> {
    const { cniPlugins, machine } = this.#options;
    const cgroup = `${machine.cgroup}/${this.name}`;
    await writeFile(this.pathOf('/etc/containerd-of-node.toml'), containerdConfig());
    await writeFile(
      this.pathOf('/etc/kubelet-of-node.json'),
      kubeletConfig({ address: this.address, cgroup }),
    );
    await writeFile(this.pathOf('/etc/resolv.conf'), '');
    await mkdir(this.pathOf(nodePaths.cniBin), { recursive: true });
    for (const plugin of cniPluginNames) {
      await copyFile(join(cniPlugins, plugin), join(this.pathOf(nodePaths.cniBin), plugin));
    }
  }
}

function nodeName(index: number): string {
  return `node-${index + 1}`;
}

function logsOf({ index, machine }: ClusterNodeOptions): string {
  return join(machine.logs, nodeName(index));
}

/** Waits until the first process of the namespaces is ready. @returns its pid here */
async function firstPid(holder: ChildProcess): Promise<number> {
  let printed = '';
  let complaint = '';
  holder.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('ready')) resolve();
    });
    holder.once('error', reject);
    holder.once('close', () => reject(new Error(`a node can't be made: ${complaint.trim()}`)));
  });
  const children = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8');
  return Number(children.trim());
}
