import { type ManifestProblem, type ManifestResource, parseManifests } from '../api/manifest.ts';
import type { SpiderIPPool, SpiderReservedIP } from '../api/resources.ts';
import type { PoolCondition } from './cluster.ts';

/** A file of the folder as it was read. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
}

/** What is remembered of the folder, so that a bad edit or a removed file takes nothing away from what runs. */
export interface RememberedFiles {
  /** Text of the last good version of each file, by the file's name. */
  readonly good: ReadonlyMap<string, string>;
  /** Manifests of pools that no file has any more, by the pool's name. They give no new addresses. */
  readonly retired: ReadonlyMap<string, string>;
}

/** What the files of the folder mean together. */
export interface ResolvedFiles {
  /** In the order of their names; retired ones carry a `deletionTimestamp`. */
  readonly pools: readonly SpiderIPPool[];
  readonly reservedIps: readonly SpiderReservedIP[];
  readonly conditions: ReadonlyMap<string, readonly PoolCondition[]>;
  /** What keeps a file or an object from being in force, each as `file:line: path: message`. */
  readonly problems: readonly string[];
  /** What is in force and hardly meant so, in the same form. */
  readonly warnings: readonly string[];
  /** Notes about the files that need no action. */
  readonly notes: readonly string[];
  /** What is to be remembered from now on. */
  readonly remembered: RememberedFiles;
}

/** Pools at most: the ledger keeps the state of each in memory, and asks each about every address that changes. */
export const poolsMax = 1024;

/** When a retired pool was asked to go is not known; any time marks it as going. */
const retiredAt = '1970-01-01T00:00:00Z';

/**
 * Resolves the folder's files: a file with an error counts as its last good version, a pool whose manifest is gone
 * becomes a retired one, and of two resources with one name the first by file name wins. Pure.
 *
 * @param files - by name; undefined when the folder can't be read, so that everything stays as it was
 */
export function resolvePoolFiles(
  files: readonly ManifestFile[] | undefined,
  remembered: RememberedFiles,
): ResolvedFiles {
  const reading = new FolderReading(remembered);
  const present = files ?? [...remembered.good].map(([name, text]) => ({ name, text }));
  for (const file of present.toSorted((a, b) => compareTexts(a.name, b.name))) reading.addFile(file);
  reading.retireMissing();
  return reading.result();
}

/** Text of a problem: `file:line: path: message`. */
function problemText({ file, line, path, message }: ManifestProblem): string {
  return [`${file}:${line}`, ...(path === '' ? [] : [path]), message].join(': ');
}

class FolderReading {
  readonly #remembered: RememberedFiles;
  readonly #pools = new Map<string, { pool: SpiderIPPool; file: string }>();
  readonly #reserved = new Map<string, { reservedIp: SpiderReservedIP; file: string }>();
  readonly #conditions = new Map<string, PoolCondition[]>();
  readonly #problems: string[] = [];
  readonly #warnings: string[] = [];
  readonly #notes: string[] = [];
  readonly #good = new Map<string, string>();
  readonly #retired = new Map<string, string>();

  constructor(remembered: RememberedFiles) {
    this.#remembered = remembered;
  }

  addFile({ name, text }: ManifestFile): void {
    const { resources, problems } = parseManifests(text, name);
    const lists = { error: this.#problems, warning: this.#warnings, note: this.#notes };
    for (const problem of problems) lists[problem.level].push(problemText(problem));
    const fault = faultOf(name, resources, problems);
    if (fault === undefined) {
      this.#good.set(name, text);
      for (const resource of resources) this.#add(resource);
      return;
    }
    if (problems.every(({ level }) => level !== 'error')) this.#problems.push(fault);
    this.#addLastGood(name, fault);
  }

  #addLastGood(name: string, fault: string): void {
    const text = this.#remembered.good.get(name);
    if (text === undefined) return;
    this.#good.set(name, text);
    for (const resource of parseManifests(text, name).resources) {
      this.#add(resource);
      this.#condition(
        resource.resource.metadata.name,
        'BadManifest',
        `the last good version is in force: ${fault}`,
      );
    }
  }

  #add({ resource, file }: ManifestResource): void {
    const { name } = resource.metadata;
    const others = resource.kind === 'SpiderIPPool' ? this.#pools : this.#reserved;
    const other = others.get(name);
    if (other !== undefined) {
      const message = `${resource.kind} ${name} is in ${other.file} and in ${file}: the one in ${other.file} is in force, rename or remove the other`;
      this.#problems.push(`${file}: ${message}`);
      if (resource.kind === 'SpiderIPPool') this.#condition(name, 'DuplicateName', message);
    } else if (resource.kind === 'SpiderIPPool' && this.#pools.size >= poolsMax) {
      this.#problems.push(`${file}: pool ${name} is left out: one host serves at most ${poolsMax} pools`);
    } else if (resource.kind === 'SpiderIPPool') {
      this.#pools.set(name, { pool: resource, file });
    } else {
      this.#reserved.set(name, { reservedIp: resource, file });
    }
  }

  /** Keeps the pools that were in force before and are in no file now. */
  retireMissing(): void {
    const before = [...this.#remembered.good, ...this.#remembered.retired];
    for (const { resource } of before.flatMap(([name, text]) => parseManifests(text, name).resources)) {
      const { name } = resource.metadata;
      if (resource.kind !== 'SpiderIPPool' || this.#pools.has(name)) continue;
      const pool = { ...resource, metadata: { ...resource.metadata, deletionTimestamp: retiredAt } };
      this.#retired.set(name, JSON.stringify(resource));
      this.#pools.set(name, { pool, file: '' });
      this.#condition(
        name,
        'Deleting',
        'its manifest is gone: it gives no new addresses and goes with its last record',
      );
    }
  }

  #condition(pool: string, type: PoolCondition['type'], message: string): void {
    const conditions = this.#conditions.get(pool) ?? [];
    conditions.push({ type, message });
    this.#conditions.set(pool, conditions);
  }

  result(): ResolvedFiles {
    const byName = <T>(map: ReadonlyMap<string, T>): T[] =>
      [...map].toSorted(([a], [b]) => compareTexts(a, b)).map(([, value]) => value);
    return {
      pools: byName(this.#pools).map(({ pool }) => pool),
      reservedIps: byName(this.#reserved).map(({ reservedIp }) => reservedIp),
      conditions: this.#conditions,
      problems: this.#problems,
      warnings: this.#warnings,
      notes: this.#notes,
      remembered: { good: this.#good, retired: this.#retired },
    };
  }
}

/** Why a file can't be taken as it is, in a few words; undefined when it can. */
function faultOf(
  name: string,
  resources: readonly ManifestResource[],
  problems: readonly ManifestProblem[],
): string | undefined {
  const error = problems.find(({ level }) => level === 'error');
  if (error !== undefined) return problemText(error);
  if (resources.length > 0 || problems.length > 0) return undefined;
  // An editor that truncates before it writes must not retire pools; who means it removes the file.
  return `${name}: the file is empty: remove it to retire its pools`;
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
