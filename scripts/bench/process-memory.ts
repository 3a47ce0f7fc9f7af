import { readFileSync } from 'node:fs';

/** Resident memory of a process in MiB. */
export interface Memory {
  readonly rssMiB: number;
  /** Without pages of files, such as the executable. */
  readonly anonMiB: number;
}

/** Reads what a process uses now. */
export function readMemory(pid: number | undefined): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN) / 1024;
  return { rssMiB: mebibytes('VmRSS'), anonMiB: mebibytes('RssAnon') };
}
