import { type AllocationShape, allocationsSchema } from '../../src/wire/shapes.ts';
import type { AgentClient, Answer } from './agent-client.ts';
import { CtlError } from './ctl-error.ts';

/** Which allocations; those that are undefined match all. */
export interface AllocationFilter {
  readonly pool?: string;
  readonly node?: string;
  readonly sandbox?: string;
  readonly uid?: string;
  readonly nic?: string;
  readonly network?: string;
}

/** Records a page: about 1 MiB, which the agent encodes without keeping others waiting. */
const pageLimit = 1000;

/** Ten million records are more than one host can have; an agent whose pages never end must not fill the memory. */
const pagesMax = 10_000;

/**
 * Reads all pages. The `body` is that of one page that has them all, each record as it came.
 * @throws {CtlError} as {@link AgentClient.send}
 */
export async function readAllocations(
  client: AgentClient,
  filter: AllocationFilter,
  signal: AbortSignal,
): Promise<Answer<readonly AllocationShape[]>> {
  const bodies: unknown[] = [];
  const values: AllocationShape[] = [];
  const { pool, node, sandbox, uid, nic, network } = filter;
  let after: string | undefined;
  for (let pages = 0; pages < pagesMax; pages += 1) {
    const { body, value } = await client.send(
      {
        method: 'GET',
        path: '/v1/allocations',
        query: { pool, node, sandbox, uid, nic, network, limit: String(pageLimit), after },
      },
      allocationsSchema,
      signal,
    );
    // The schema has just proven this shape.
    for (const record of (body as { readonly allocations: readonly unknown[] }).allocations)
      bodies.push(record);
    for (const record of value.allocations) values.push(record);
    if (value.next === undefined) return { body: { allocations: bodies }, value: values };
    if (value.next === after) break;
    after = value.next;
  }
  throw new CtlError(
    'CTL_AGENT_AWAY',
    `the agent's pages of allocations don't end (after ${after}): its log may tell why`,
  );
}
