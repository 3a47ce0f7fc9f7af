import type { Route } from '../cni/result.ts';
import type { Pool } from './pool.ts';

/** What an address' routes depend on besides its pool. */
export interface RouteOptions {
  /** True: no default route through the pool's gateway. It takes away nothing else. */
  readonly cleanGateway: boolean;
  /** Those of the pod's annotation that fell to this address. @default none */
  readonly customRoutes?: readonly Route[];
}

/**
 * The routes of an address from this pool: the pool's own, then the pod's, then the default route through the pool's gateway unless
 * it has none or `cleanGateway` is set.
 */
export function composeRoutes(pool: Pool, { cleanGateway, customRoutes = [] }: RouteOptions): Route[] {
  const routes = [...pool.routes, ...customRoutes];
  if (pool.gateway === undefined || cleanGateway) return routes;
  const network = pool.family === 4 ? 0 : 0n;
  const destination = { family: pool.family, network, prefixLength: 0 };
  return [...routes, { destination, gateway: pool.gateway }];
}
