import * as z from 'zod';

// What `spiderpoolctl -o json` prints, as far as the demo reads it.

const count = z.union([z.bigint(), z.int()]).transform(BigInt);
const allocation = z.object({
  address: z.string(),
  pool: z.string(),
  nic: z.string(),
  holders: z.array(z.object({ pod: z.string() })),
});

export const poolsAnswer = z.object({
  pools: z.array(z.object({ name: z.string(), allocated: count })),
  problems: z.array(z.string()),
});

export const allocationsAnswer = z.object({ allocations: z.array(allocation) });

export const whoAnswer = z.object({
  allocation: allocation.optional(),
  last: z.object({ allocation }).optional(),
});

export const explainAnswer = z.object({
  nics: z.array(
    z.object({
      family: z.int(),
      candidates: z.array(
        z.object({ pool: z.string(), accepted: z.boolean(), reason: z.string().optional() }),
      ),
      pool: z.string().optional(),
    }),
  ),
});
