import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { runOrThrow } from '../../test/support/run-command.ts';
import type { Table } from './format.ts';
import { projectPaths } from './paths.ts';

/** What the figures depend on. Nothing that names the machine. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** File system and device of the folder that holds the ledgers. */
  readonly disk: string;
  readonly node: string;
  readonly bun: string;
  /** Processes that wanted to run in the minute before the start; far above 0 the machine was not at rest. */
  readonly loadBefore: number;
}

/** @param folder on the disk that is to be described */
export async function describeMachine(folder: string): Promise<Machine> {
  const bun = await runOrThrow(projectPaths.bun, ['--version']);
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release().replace(/^(\d+\.\d+\.\d+).*/, '$1'),
    disk: describeDisk(folder),
    node: process.versions.node,
    bun: bun.trim(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

/** The description as a table. */
export function machineTable(machine: Machine): Table {
  const { cpu, cores, memoryGiB, kernel, disk, node, bun, loadBefore } = machine;
  const rows = [
    ['processor', `${cpu}, ${cores} cores`],
    ['memory', `${memoryGiB} GiB`],
    ['disk', disk],
    ['kernel', `Linux ${kernel}`],
    ['runtimes', `Node ${node}, Bun ${bun}`],
    ['load before the start', loadBefore.toFixed(2)],
  ];
  return { title: 'Machine', columns: ['', 'this run'], rows };
}

interface Mount {
  readonly device: string;
  readonly place: string;
  readonly type: string;
}

function describeDisk(folder: string): string {
  const mount = readMounts()
    .filter(({ place }) => folder === place || folder.startsWith(place === '/' ? '/' : `${place}/`))
    .toSorted((a, b) => b.place.length - a.place.length)[0];
  if (mount === undefined) return `file system type ${statfsSync(folder).type}`;
  return `${mount.type} on ${describeDevice(mount.device)}`;
}

function readMounts(): readonly Mount[] {
  return readFileSync('/proc/mounts', 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [device = '', place = '', type = ''] = line.split(' ');
      return { device, place, type };
    });
}

function describeDevice(device: string): string {
  const name = device.replace('/dev/', '');
  const block = [name, name.replace(/p?\d+$/, '')].map((one) => `/sys/block/${one}/queue/`);
  for (const queue of block) {
    try {
      const rotates = readFileSync(`${queue}rotational`, 'utf8').trim() === '1';
      const cache = readFileSync(`${queue}write_cache`, 'utf8').trim();
      const kind = name.startsWith('vd')
        ? 'a virtual disk'
        : rotates
          ? 'a rotating disk'
          : 'a solid state disk';
      return `${kind}, ${cache} cache`;
    } catch {
      // Not a disk of its own: a partition, or something stacked on others.
    }
  }
  return device.startsWith('/dev/') ? 'a stacked device' : device;
}
