import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupHierarchies } from './cgroups.ts';

/** What of a machine a cluster in test could change. */
export interface MachineState {
  readonly mounts: readonly string[];
  readonly nics: readonly string[];
  /** Named network namespaces. */
  readonly namespaces: readonly string[];
  /** Text of each sysctl that kubelet would set. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Folders that its components make where nobody keeps them from it. */
  readonly folders: readonly string[];
}

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

/** Reads the {@link MachineState}; two readings are equal when nothing was left behind in between. */
export function readMachineState(): MachineState {
  return {
    mounts: readFileSync('/proc/self/mounts', 'utf8').split('\n').sort(),
    nics: readdirSync('/sys/class/net').sort(),
    namespaces: existsSync('/run/netns') ? readdirSync('/run/netns').sort() : [],
    sysctls: Object.fromEntries(
      sysctls.map((name) => [name, readFileSync(`/proc/sys/${name}`, 'utf8').trim()]),
    ),
    folders: folders.filter((folder) => existsSync(folder)),
  };
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
