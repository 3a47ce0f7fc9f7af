import type { PoolShape, PoolsShape } from '../wire/shapes.ts';
import { type Cell, type Column, formatTable, type TextOptions } from './table.ts';
import { withNotes } from './with-notes.ts';

const columns: readonly Column[] = [
  { title: 'NAME', fit: 'cut' },
  { title: 'SUBNET' },
  { title: 'TOTAL', align: 'right' },
  { title: 'ALLOCATED', align: 'right' },
  { title: 'FREE', align: 'right' },
  { title: 'COOLING', align: 'right' },
  { title: 'RESERVED', align: 'right' },
  { title: 'EXCLUDED', align: 'right' },
  { title: 'DEFAULT' },
  { title: 'STATE', fit: 'cut' },
];

/** The pools with their counts, and below them what {@link poolsNotes} says. */
export function poolsText(shape: PoolsShape): string {
  return withNotes(poolsTable(shape), poolsNotes(shape));
}

/** The pools with their counts, a line each; empty when there are none. */
export function poolsTable({ pools }: PoolsShape, options: TextOptions = {}): string {
  return pools.length === 0 ? '' : formatTable(columns, pools.map(poolRow), options);
}

/** What is said of a host without pools. */
const noPoolsOfAgent = 'the agent has no pools: write SpiderIPPool manifests into its folder of pools';

/**
 * What is to be said about the pools: their conditions, problems of manifests, and that there are none. Not escaped yet.
 *
 * @param noPools what is said when there are none
 */
export function poolsNotes(
  { pools, problems }: PoolsShape,
  noPools: string = noPoolsOfAgent,
): readonly string[] {
  const conditions = pools.flatMap(({ name, conditions: own }) =>
    own.map(({ type, message }) => `pool ${name}: ${type}: ${message}`),
  );
  const notes = [
    ...conditions,
    ...problems.map((problem) => (problem.startsWith('warning: ') ? problem : `problem: ${problem}`)),
  ];
  if (pools.length > 0) return notes;
  return [...notes, noPools];
}

function poolRow(pool: PoolShape): readonly Cell[] {
  return [
    pool.name,
    pool.subnet,
    String(pool.total),
    String(pool.allocated),
    pool.free === 0n ? { text: '0', style: 'red' } : String(pool.free),
    String(pool.cooling),
    String(pool.reserved),
    String(pool.excluded),
    pool.default ? 'yes' : 'no',
    poolState(pool),
  ];
}

function poolState({ disabled, conditions }: PoolShape): Cell {
  const states = [...(disabled ? ['disabled'] : []), ...new Set(conditions.map(({ type }) => type))];
  return states.length === 0 ? 'ok' : { text: states.join(','), style: 'yellow' };
}
