import type { Route } from '../cni/result.ts';
import type { Pool } from './pool.ts';

/**
 * The routes of an address from this pool: the pool's own, then the default route through its gateway unless the
 * pool has none or `cleanGateway` is set (which takes away nothing else).
 */
export function composeRoutes(pool: Pool, cleanGateway: boolean): Route[] {
  if (pool.gateway === undefined || cleanGateway) return [...pool.routes];
  const network = pool.family === 4 ? 0 : 0n;
  const destination = { family: pool.family, network, prefixLength: 0 };
  return [...pool.routes, { destination, gateway: pool.gateway }];
}
