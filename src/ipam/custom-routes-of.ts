import { podAnnotations } from '../api/names.ts';
import type { Route } from '../cni/result.ts';
import type { ClusterFacts } from './facts.ts';
import { parseCustomRoutes } from './parse-custom-routes.ts';

/**
 * The routes of the pod's annotation; none without it.
 *
 * @throws CniError with code 105
 */
export function customRoutesOf({ pod }: Pick<ClusterFacts, 'pod'>): readonly Route[] {
  const text = pod?.annotations?.[podAnnotations.routes];
  return text === undefined ? [] : parseCustomRoutes(text);
}
