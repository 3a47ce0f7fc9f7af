import * as z from 'zod';
import type { Immutable } from './immutable.ts';

/*
 * The JSON that the agent's socket speaks to people and to `spiderpoolctl` (the CNI verbs answer CNI objects instead):
 * the types of the agent, the checks of the tool, and the components of `GET /v1/openapi.json`. Unknown keys are
 * left out by the checks, so that an older tool understands a newer agent. Times are RFC 3339 texts in UTC.
 */

/** Checks a count and makes a bigint of it: it may exceed 2^53, and is a JSON integer read and written without loss. */
const count = z.union([z.bigint(), z.int()]).transform(BigInt);

/** A count as the document shows it; `describe` alone would show how it is checked. */
const countOf = (description: string): typeof count =>
  count.meta({ type: 'integer', format: 'int64', minimum: 0, description });

const family = z.literal([4, 6]);
const time = (description: string): z.ZodString => z.string().meta({ format: 'date-time', description });

/** A condition of a pool. */
export const conditionSchema = z
  .object({
    type: z.string().describe('One word, such as `Overlap`.'),
    message: z.string().describe('What it means and what to do about it.'),
  })
  .describe('Something about a pool that a person should know.');
/** A condition of a pool. */
export type ConditionShape = Immutable<z.output<typeof conditionSchema>>;

/** A pool with the counts of this moment. */
export const poolSchema = z
  .object({
    name: z.string(),
    ipVersion: family,
    subnet: z.string().describe('In CIDR notation.'),
    gateway: z.string().exactOptional(),
    total: countOf('Addresses of `ips` less `excludeIPs`.'),
    allocated: countOf('Records of this pool.'),
    free: countOf('Addresses that were never used or have cooled down.'),
    cooling: countOf('Released addresses that still rest.'),
    reserved: countOf('Addresses of `total` that SpiderReservedIPs take away.'),
    excluded: countOf('Addresses of `ips` that `excludeIPs` takes away.'),
    disabled: z.boolean(),
    default: z.boolean().describe('Whether it serves NICs for which nothing else names a pool.'),
    conditions: z.array(conditionSchema),
  })
  .describe(
    'A pool with the counts of this moment. Counts stop at 2^63 - 1, which then stands for "or more".',
  );
/** A pool with the counts of this moment. */
export type PoolShape = Immutable<z.output<typeof poolSchema>>;

/** Body of `GET /v1/pools`. */
export const poolsSchema = z.object({
  pools: z.array(poolSchema),
  problems: z.array(z.string()).describe('Problems of manifests that concern no pool in force.'),
});
/** Body of `GET /v1/pools`. */
export type PoolsShape = Immutable<z.output<typeof poolsSchema>>;

/** One living user of an address. */
export const holderSchema = z
  .object({
    uid: z.string().describe('UID of the pod, or the container id where the runtime names no pod.'),
    sandbox: z.string().describe('Container id of the sandbox.'),
    node: z.string(),
    pod: z.string().describe('`namespace/name`; empty where the runtime named no pod.'),
    netns: z
      .object({ path: z.string(), device: z.string().exactOptional(), inode: z.string().exactOptional() })
      .describe('The network namespace at ADD; device and inode where its file was visible to the agent.')
      .exactOptional(),
    outlivesPod: z
      .literal(true)
      .describe('The pod is gone, or has not ended in its time, and its network namespace still exists.')
      .exactOptional(),
  })
  .describe('One living user of an address.');
/** One living user of an address. */
export type HolderShape = Immutable<z.output<typeof holderSchema>>;

/** One allocated address. */
export const allocationSchema = z
  .object({
    address: z.string(),
    pool: z.string(),
    network: z.string().describe('Name of the CNI network; empty where the plugin does not tell it.'),
    nic: z.string(),
    since: time('When it was allocated.'),
    owner: z
      .object({ kind: z.string(), namespace: z.string(), name: z.string() })
      .describe('What keeps the address while its pods come and go.')
      .exactOptional(),
    holders: z.array(holderSchema).describe('The newest is last.'),
  })
  .describe('One allocated address.');
/** One allocated address. */
export type AllocationShape = Immutable<z.output<typeof allocationSchema>>;

/** Body of `GET /v1/allocations`. */
export const allocationsSchema = z
  .object({
    allocations: z.array(allocationSchema).describe('IPv4 before IPv6, ascending.'),
    next: z.string().describe('The `after` of the following page; missing on the last one.').exactOptional(),
  })
  .describe('A page of allocations.');
/** Body of `GET /v1/allocations`; a query of `allocation-query.ts` filters it. */
export type AllocationsShape = Immutable<z.output<typeof allocationsSchema>>;

/** Body of `GET /v1/allocations/{address}`. */
export const whoSchema = z
  .object({
    address: z.string(),
    pools: z.array(z.string()).describe('Pools whose addresses contain it.'),
    allocation: allocationSchema.exactOptional(),
    last: z
      .object({
        allocation: allocationSchema,
        freed: time('When it was released.'),
        suspect: z
          .boolean()
          .describe('Its node was unreachable when it was freed, so it may still answer on the wire.'),
      })
      .describe('The last holder, while its trace is kept.')
      .exactOptional(),
  })
  .describe('Who has the address, and else who had it last.');
/** Body of `GET /v1/allocations/{address}`: who has the address, and else who had it last. */
export type WhoShape = Immutable<z.output<typeof whoSchema>>;

/** Body of the answer to `DELETE /v1/allocations/{address}`. */
export const releasedSchema = z.object({
  released: allocationSchema.describe('The record as it was.'),
});
/** Body of the answer to `DELETE /v1/allocations/{address}`: the record that was released. */
export type ReleasedShape = Immutable<z.output<typeof releasedSchema>>;

/** Body of the answer to `POST /v1/gc`. */
export const sweepSchema = z
  .object({
    examined: z.int().nonnegative().describe('Records looked at.'),
    suspected: z
      .int()
      .nonnegative()
      .describe(
        'Records whose network namespace is gone for the first time; they are freed by a later pass.',
      ),
    freed: z.array(z.string()).describe('Addresses that were freed.'),
  })
  .describe('One pass of the sweep.');
/** Body of the answer to `POST /v1/gc`: one pass of the sweep, as it would happen by itself. */
export type SweepShape = Immutable<z.output<typeof sweepSchema>>;

/** Body of every refusal on the routes for people. */
export const errorSchema = z
  .object({
    code: z
      .int()
      .describe(
        'Below 1000 a CNI error code (docs/errors.md); the HTTP status where no handler was reached.',
      ),
    msg: z.string().describe('The cause, and what to do next.'),
    details: z.string().exactOptional(),
  })
  .describe('A refusal.');
/** Body of every refusal on the routes for people. */
export type ErrorShape = Immutable<z.output<typeof errorSchema>>;

/** A pool of an explained ADD. */
export const explainCandidateSchema = z.object({
  pool: z.string(),
  accepted: z.boolean(),
  reason: z.string().describe('Why not; set exactly when it was not accepted.').exactOptional(),
  exhausted: z
    .literal(true)
    .describe('The pool may serve the NIC and has no address left: the next one is asked.')
    .exactOptional(),
});

/** One NIC and family of an explained ADD. */
export const explainNicSchema = z
  .object({
    nic: z.string(),
    family,
    source: z.string().describe('Which source named the pools, for programs: such as `cni-config`.'),
    sourceTitle: z.string().describe('The source in words, such as `the CNI config`.'),
    candidates: z
      .array(explainCandidateSchema)
      .describe('The accepted pools in the order in which they are tried, then the rejected ones.'),
    address: z
      .string()
      .describe('The address with its prefix length that an ADD would get now.')
      .exactOptional(),
    pool: z.string().describe('The pool that gives it.').exactOptional(),
  })
  .describe('One NIC and family of an explained ADD.');
/** One NIC and family of an explained ADD. */
export type ExplainNicShape = Immutable<z.output<typeof explainNicSchema>>;

/** Body of the answer to `POST /v1/explain`. */
export const explainSchema = z.object({
  nics: z.array(explainNicSchema),
  error: errorSchema.describe('Why the ADD would fail.').exactOptional(),
});
/** Body of the answer to `POST /v1/explain`, whose request is that of `POST /v1/cni/add`. */
export type ExplainShape = Immutable<z.output<typeof explainSchema>>;
