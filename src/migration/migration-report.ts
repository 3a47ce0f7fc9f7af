/** Lines about one pool that are kept; a pool may have thousands of records, and the first hundreds tell what is wrong. */
const notesMax = 500;

/** What is under way, for who shows it. */
export interface MigrationProgress {
  readonly phase: 'reading' | 'pools' | 'endpoints';
  /** Pools or endpoints that are dealt with, and how many there are; undefined while that is not known. */
  readonly done: number;
  readonly total?: number;
}

/** What was done with one pool, or would be by a dry run. */
export interface PoolMigration {
  readonly pool: string;
  /** Records that the side has which is left. */
  records: number;
  /** Of them: written on the other side. */
  written: number;
  /** Of them: there already. */
  standing: number;
  /** Addresses that stand for somebody else, and were left as they are. */
  conflicts: number;
  /** Records of an earlier time that were freed, because their side has given the address up since. */
  freed: number;
  /** The pool belongs to the other side now (by a dry run: it would). */
  done: boolean;
  /** Why it does not. */
  problem?: string;
  /** What a person should look at, an address in front of each. */
  readonly notes: string[];
  /** Notes beyond the ones that are kept. */
  notesLeftOut: number;
}

/** What a migration has done, or a dry run would do. */
export interface MigrationReport {
  readonly direction: 'forward' | 'back';
  readonly dryRun: boolean;
  readonly pools: PoolMigration[];
  /** SpiderEndpoints whose finalizer was taken off, or put on. */
  endpoints: number;
  /** What concerns no single pool. */
  readonly notes: string[];
}

export function emptyPoolMigration(pool: string): PoolMigration {
  return {
    pool,
    records: 0,
    written: 0,
    standing: 0,
    conflicts: 0,
    freed: 0,
    done: false,
    notes: [],
    notesLeftOut: 0,
  };
}

/** Adds a line about a pool; beyond the limit it is only counted. */
export function addNote(migration: PoolMigration, note: string): void {
  if (migration.notes.length < notesMax) migration.notes.push(note);
  else migration.notesLeftOut++;
}
