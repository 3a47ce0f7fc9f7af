import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupHierarchies } from './cgroups.ts';

/** What of a machine a cluster in test could change, as lines: mounts, NICs, named network namespaces, sysctls with their values, folders. */
export type MachineState = ReadonlySet<string>;

const sysctls = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/hostname',
];
const folders = [
  '/etc/cni',
  '/opt/cni',
  '/opt/containerd',
  '/run/containerd',
  '/run/spidernet',
  '/var/lib/cni',
  '/var/lib/kubelet',
  '/var/lib/spidernet',
  '/var/log/pods',
];

/** Reads the {@link MachineState}. */
export function readMachineState(): MachineState {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(Boolean);
  const nics = readdirSync('/sys/class/net');
  const namespaces = existsSync('/run/netns') ? readdirSync('/run/netns') : [];
  return new Set([
    ...mounts.map((mount) => `mount ${mount}`),
    ...nics.map((nic) => `NIC ${nic}`),
    ...namespaces.map((name) => `network namespace ${name}`),
    ...sysctls.map((name) => `${name} is ${readFileSync(`/proc/sys/${name}`, 'utf8').trim()}`),
    ...folders.filter((folder) => existsSync(folder)).map((folder) => `folder ${folder}`),
  ]);
}

/** What has come in between. */
export function newSince(before: MachineState, after: MachineState): readonly string[] {
  return [...after].filter((line) => !before.has(line));
}

/** What is left of the own machine `name`: its processes, cgroups and folder. */
export function remainsOf(name: string): readonly string[] {
  const processes = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid)
    .filter((pid) =>
      ['environ', 'cgroup', 'cmdline'].some((file) => readOrNothing(`/proc/${pid}/${file}`).includes(name)),
    )
    .map((pid) => `process ${pid}: ${readOrNothing(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
  const cgroups = cgroupHierarchies().flatMap((folder) => globSync(join(folder, '**', name)));
  const folder = join(tmpdir(), name);
  return [...processes, ...cgroups, ...(existsSync(folder) ? [folder] : [])];
}

/** A process may have ended in between. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
