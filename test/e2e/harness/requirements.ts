import { readFileSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isExecutable } from '../../support/go-tools.ts';
import { runCommand } from '../../support/run-command.ts';
import { cgroupHierarchies } from './cgroups.ts';

/** Commands that a cluster in test needs, and the packages of Debian and Ubuntu that have them. */
const packages: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  ctr: 'containerd',
  runc: 'runc',
  busybox: 'busybox-static',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mount: 'mount',
  tar: 'tar',
};

/** @returns why no cluster can be started here, each with what to do; empty where one can */
export async function missingRequirements(env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> {
  if (process.platform !== 'linux') return ['a cluster in test needs Linux'];
  if (process.geteuid?.() !== 0)
    return ['a cluster in test needs root: run it with sudo or in a privileged container'];
  const absent: string[] = [];
  for (const command of Object.keys(packages)) {
    const file = await findCommand(command, env);
    if (file === undefined || (command === 'busybox' && !isStatic(file))) absent.push(command);
  }
  const problems: string[] = [];
  if (absent.length > 0) {
    const names = [...new Set(absent.map((command) => packages[command]))].join(' ');
    problems.push(`${absent.join(', ')} not found: apt-get install --no-install-recommends ${names}`);
  } else if ((await runCommand('unshare', ['--net', '--mount', '--pid', '--fork', 'true'])).exitCode !== 0) {
    problems.push(
      'namespaces are not permitted here: run it as root of the machine or in a privileged container',
    );
  }
  if (cgroupHierarchies().length === 0)
    problems.push('no cgroup file system is mounted: mount one at /sys/fs/cgroup');
  return problems;
}

async function findCommand(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const file = join(folder, name);
    if (await isExecutable(file)) return realpathSync(file);
  }
  return undefined;
}

/** Whether it runs where there are no libraries: it names no interpreter in its head. */
function isStatic(file: string): boolean {
  return !readFileSync(file).subarray(0, 4096).includes('/ld-');
}
