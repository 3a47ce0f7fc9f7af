import type { AllocationShape, AllocationsShape } from '../wire/shapes.ts';
import { ageOf, holderText, outlivingText, shortSandbox } from './allocation-text.ts';
import { type Cell, type Column, formatTable, type TableOptions } from './table.ts';
import { withNotes } from './with-notes.ts';

const columns: readonly Column[] = [
  { title: 'ADDRESS' },
  { title: 'POOL', fit: 'cut' },
  { title: 'NETWORK', fit: 'cut' },
  { title: 'NIC' },
  { title: 'HELD BY', fit: 'cut' },
  { title: 'NODE', fit: 'cut' },
  { title: 'SANDBOX' },
  { title: 'AGE', align: 'right' },
];

/** What is said instead of an empty table. */
export const noAllocationNote = 'no allocated address matches';

/** A page of allocations, and below it how to get the next one. */
export function allocationsText({ allocations, next }: AllocationsShape, nowMs: number): string {
  const notes = [
    ...(allocations.length === 0 ? [noAllocationNote] : []),
    ...outlivingNotes(allocations),
    ...(next === undefined ? [] : [`there are more: ask again with after=${next}`]),
  ];
  return withNotes(allocationsTable(allocations, nowMs), notes);
}

/** A line for each address whose holder outlives its pod. */
export function outlivingNotes(allocations: readonly AllocationShape[]): readonly string[] {
  return allocations.flatMap(({ address, holders }) =>
    holders.filter(({ outlivesPod }) => outlivesPod).map(({ node }) => `${address}: ${outlivingText(node)}`),
  );
}

/** The allocations, a line each; empty when there are none. */
export function allocationsTable(
  allocations: readonly AllocationShape[],
  nowMs: number,
  options: TableOptions = {},
): string {
  if (allocations.length === 0) return '';
  const rows = allocations.map((allocation) => allocationRow(allocation, nowMs));
  return formatTable(columns, rows, options);
}

function allocationRow(allocation: AllocationShape, nowMs: number): readonly Cell[] {
  const newest = allocation.holders.at(-1);
  return [
    allocation.address,
    allocation.pool,
    allocation.network,
    allocation.nic,
    holderText(allocation),
    newest?.node ?? '',
    shortSandbox(newest?.sandbox ?? ''),
    ageOf(allocation.since, nowMs),
  ];
}
