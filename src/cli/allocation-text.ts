import type { AllocationShape } from '../wire/shapes.ts';
import { formatAge } from './age.ts';
import type { Cell } from './table.ts';

/** Characters of a container id that a table shows, as container tools do. */
const sandboxCharacters = 12;

/** Shortened container id of a sandbox. */
export function shortSandbox(sandbox: string): string {
  return sandbox.slice(0, sandboxCharacters);
}

/** How long ago an RFC 3339 time was. */
export function ageOf(time: string, nowMs: number): string {
  return formatAge(Date.parse(time), nowMs);
}

/**
 * Who has the address, in one short text: the pod, else what the runtime called the container; the static owner when no pod runs.
 */
export function holderText({ holders, owner }: AllocationShape): string {
  const newest = holders.at(-1);
  if (newest === undefined) {
    return owner === undefined ? 'nobody' : `${owner.kind} ${owner.namespace}/${owner.name} (no pod runs)`;
  }
  const name = newest.pod === '' ? `container ${shortSandbox(newest.sandbox)}` : newest.pod;
  return holders.length > 1 ? `${name} (+${holders.length - 1})` : name;
}

/** Everything about an allocation as rows of a name and a value. */
export function allocationFields(allocation: AllocationShape, nowMs: number): readonly (readonly Cell[])[] {
  const { owner } = allocation;
  const rows: (readonly Cell[])[] = [
    field('pool', allocation.pool),
    field('network', allocation.network),
    field('NIC', allocation.nic),
    field('since', `${allocation.since} (${ageOf(allocation.since, nowMs)} ago)`),
  ];
  if (owner !== undefined) rows.push(field('owner', `${owner.kind} ${owner.namespace}/${owner.name}`));
  // The newest first: it is the one that DEL and release are about.
  for (const holder of allocation.holders.toReversed()) {
    rows.push(field('pod', holder.pod === '' ? 'not named by the runtime' : holder.pod));
    rows.push(field('uid', holder.uid), field('sandbox', holder.sandbox), field('node', holder.node));
    if (holder.netns !== undefined) rows.push(field('netns', holder.netns.path));
    if (holder.outlivesPod) rows.push(field('outlives', outlivingText(holder.node)));
  }
  return rows;
}

/** What it means that a holder outlives its pod, and what to do. */
export function outlivingText(node: string): string {
  return `pod is gone, but its network namespace still exists on node ${node}: find and end what holds it`;
}

/** One line of a list of named values. */
export function field(name: string, value: string): readonly Cell[] {
  return [{ text: `  ${name}`, style: 'dim' }, value];
}
