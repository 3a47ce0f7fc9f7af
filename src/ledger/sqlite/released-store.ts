import type { Address } from '../../ip/address.ts';
import { addressKey } from '../address-key.ts';
import type { AllocationRecord, Holder, ReleasedRecord } from '../record.ts';
import { addressOf, damaged, integerOfText, numberOf, textOf } from './columns.ts';
import type { Database } from './database.ts';

/** Traces are kept for a day: long enough for "who had this address" the morning after. */
const TRACE_LIFE_MS = 24 * 60 * 60_000;
/** And at most so many, about 4 MB, unless they are so young that they still order the reuse. */
const TRACES_MAX = 10_000;
/** Traces that one step of the pruning removes: about 2 ms. */
const PRUNE_STEP = 200;

/** A mark that an address was released. */
export interface ReleaseMark {
  readonly address: Address;
  readonly freedMs: number;
  readonly suspect: boolean;
}

/** The traces of released addresses in the table `released`. The caller holds the transaction. */
export class ReleasedStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The trace of an address. */
  at(address: Address): ReleasedRecord | undefined {
    const row = this.#database.get(
      'SELECT freed_ms, suspect, last FROM released WHERE address = ?',
      addressKey(address),
    );
    if (row === undefined) return undefined;
    return {
      last: { ...decodeRecord(textOf(row, 'last')), address },
      freedMs: numberOf(row, 'freed_ms'),
      suspect: numberOf(row, 'suspect') === 1,
    };
  }

  /** Writes a trace in place of an older one. */
  put(released: ReleasedRecord): void {
    this.#database.run(
      'INSERT OR REPLACE INTO released (address, freed_ms, suspect, last) VALUES (?, ?, ?, ?)',
      addressKey(released.last.address),
      released.freedMs,
      released.suspect ? 1 : 0,
      encodeRecord(released.last),
    );
  }

  /** Removes the trace of an address that is allocated again. */
  remove(address: Address): void {
    this.#database.run('DELETE FROM released WHERE address = ?', addressKey(address));
  }

  /** Visits the marks from `low` to `high` that are younger than `sinceMs`, oldest first; the future counts as now. */
  forEachBetween(
    low: Address,
    high: Address,
    sinceMs: number,
    nowMs: number,
    visit: (mark: ReleaseMark) => void,
  ): void {
    const sql = `SELECT address, min(freed_ms, ?) AS freed_ms, suspect FROM released
      WHERE address BETWEEN ? AND ? AND freed_ms > ? ORDER BY 2, address`;
    this.#database.forEach(sql, [nowMs, addressKey(low), addressKey(high), sinceMs], (row) => {
      visit({ address: addressOf(row), freedMs: numberOf(row, 'freed_ms'), suspect: row['suspect'] === 1 });
    });
  }

  /** Removes some of what is too old or too much. Returns true when more remains to be removed. */
  prune(nowMs: number, markLifeMs: number): boolean {
    const row = this.#database.get('SELECT count(*) AS traces FROM released');
    const surplus = (row === undefined ? 0 : numberOf(row, 'traces')) - TRACES_MAX;
    const expired = this.#pruneOldest(PRUNE_STEP, nowMs - TRACE_LIFE_MS);
    const superfluous = this.#pruneOldest(Math.min(PRUNE_STEP, surplus - expired), nowMs - markLifeMs);
    return expired === PRUNE_STEP || superfluous === PRUNE_STEP;
  }

  #pruneOldest(count: number, freedBeforeMs: number): number {
    if (count <= 0) return 0;
    return this.#database.run(
      `DELETE FROM released WHERE address IN
        (SELECT address FROM released WHERE freed_ms < ? ORDER BY freed_ms LIMIT ?)`,
      freedBeforeMs,
      count,
    );
  }
}

type StoredHolder = Omit<Holder, 'netns'> & {
  readonly netns?: {
    readonly path: string;
    readonly device?: string;
    readonly inode?: string;
    readonly bootId?: string;
  };
};

type StoredRecord = Omit<AllocationRecord, 'address' | 'holders'> & {
  readonly holders: readonly StoredHolder[];
};

function encodeRecord(record: AllocationRecord): string {
  const { address: _, ...rest } = record;
  // The numbers of a namespace are the only bigints; they are written as decimal texts.
  return JSON.stringify(rest, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

function decodeRecord(text: string): Omit<AllocationRecord, 'address'> {
  let stored: StoredRecord;
  try {
    stored = JSON.parse(text) as StoredRecord;
  } catch {
    throw damaged('released.last');
  }
  return { ...stored, holders: stored.holders.map(decodeHolder) };
}

function decodeHolder(stored: StoredHolder): Holder {
  const { netns, ...rest } = stored;
  if (netns === undefined) return rest;
  const { device, inode, ...place } = netns;
  return {
    ...rest,
    netns: {
      ...place,
      ...(device !== undefined && { device: integerOfText(device, 'released.last') }),
      ...(inode !== undefined && { inode: integerOfText(inode, 'released.last') }),
    },
  };
}
