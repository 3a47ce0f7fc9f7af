/** How full a pool is, from roomy to not an address left. */
export type FillLevel = 'Below80Percent' | 'Above80Percent' | 'Above95Percent' | 'Exhausted';

/** What decides how full a pool is. */
export interface Fill {
  /** Addresses that pods may have at all. */
  readonly eligible: bigint;
  /** Those of them that an ADD could get now, resting ones included. */
  readonly available: bigint;
}

/**
 * Percent of the addresses in use from which a level is reached, and the lower one below which it is left again: a pool whose pods come
 * and go does not change its mind with each of them.
 */
const bounds = {
  Above95Percent: { from: 95n, until: 90n },
  Above80Percent: { from: 80n, until: 75n },
} as const;

/** Levels by how bad they are. */
const levels: readonly FillLevel[] = ['Below80Percent', 'Above80Percent', 'Above95Percent', 'Exhausted'];

/** How bad a level is; 0 for what is none. */
export function severityOf(level: string): number {
  return Math.max(0, levels.indexOf(level as FillLevel));
}

/**
 * How full a pool is.
 *
 * @param before the level that was told last; `Exhausted` is always the truth of the moment
 */
export function fillLevel({ eligible, available }: Fill, before: string | undefined): FillLevel {
  if (available <= 0n) return 'Exhausted';
  const usedHundredfold = (eligible - available) * 100n;
  const severity = severityOf(before ?? '');
  for (const level of ['Above95Percent', 'Above80Percent'] as const) {
    const percent = severity >= severityOf(level) ? bounds[level].until : bounds[level].from;
    if (usedHundredfold >= percent * eligible) return level;
  }
  return 'Below80Percent';
}
