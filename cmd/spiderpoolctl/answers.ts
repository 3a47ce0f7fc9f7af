import * as z from 'zod';
import type {
  AllocationShape,
  AllocationsShape,
  ErrorShape,
  ExplainShape,
  PoolsShape,
  ReleasedShape,
  SweepShape,
  WhoShape,
} from '../../src/wire/shapes.ts';

// What the agent answers, checked before a table is made of it. Unknown keys are left out here; `-o json` prints the body as it
// came.

const family = z.union([z.literal(4), z.literal(6)]);
/** A JSON integer; those beyond 2^53 come from the parser as bigint already. */
const count = z.union([z.bigint(), z.int()]).transform(BigInt);

export const poolsAnswer: z.ZodType<PoolsShape> = z.object({
  pools: z.array(
    z.object({
      name: z.string(),
      ipVersion: family,
      subnet: z.string(),
      gateway: z.string().exactOptional(),
      total: count,
      allocated: count,
      free: count,
      cooling: count,
      reserved: count,
      excluded: count,
      disabled: z.boolean(),
      default: z.boolean(),
      conditions: z.array(z.object({ type: z.string(), message: z.string() })),
    }),
  ),
  problems: z.array(z.string()),
});

const allocation: z.ZodType<AllocationShape> = z.object({
  address: z.string(),
  pool: z.string(),
  network: z.string(),
  nic: z.string(),
  since: z.string(),
  owner: z.object({ kind: z.string(), namespace: z.string(), name: z.string() }).exactOptional(),
  holders: z.array(
    z.object({
      uid: z.string(),
      sandbox: z.string(),
      node: z.string(),
      pod: z.string(),
      netns: z
        .object({
          path: z.string(),
          device: z.string().exactOptional(),
          inode: z.string().exactOptional(),
        })
        .exactOptional(),
    }),
  ),
});

export const allocationsAnswer: z.ZodType<AllocationsShape> = z.object({
  allocations: z.array(allocation),
  next: z.string().exactOptional(),
});

export const whoAnswer: z.ZodType<WhoShape> = z.object({
  address: z.string(),
  pools: z.array(z.string()),
  allocation: allocation.exactOptional(),
  last: z.object({ allocation, freed: z.string(), suspect: z.boolean() }).exactOptional(),
});

export const releasedAnswer: z.ZodType<ReleasedShape> = z.object({ released: allocation });

export const sweepAnswer: z.ZodType<SweepShape> = z.object({
  examined: z.int(),
  suspected: z.int(),
  freed: z.array(z.string()),
});

export const errorAnswer: z.ZodType<ErrorShape> = z.object({
  code: z.int(),
  msg: z.string(),
  details: z.string().exactOptional(),
});

export const explainAnswer: z.ZodType<ExplainShape> = z.object({
  nics: z.array(
    z.object({
      nic: z.string(),
      family,
      source: z.string(),
      candidates: z.array(
        z.object({ pool: z.string(), accepted: z.boolean(), reason: z.string().exactOptional() }),
      ),
      address: z.string().exactOptional(),
      pool: z.string().exactOptional(),
    }),
  ),
  error: errorAnswer.exactOptional(),
});
