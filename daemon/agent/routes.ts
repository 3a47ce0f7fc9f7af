import { addHandler } from './handlers/add.ts';
import { allocationsHandler, releaseHandler, whoHandler } from './handlers/allocations.ts';
import { checkHandler } from './handlers/check.ts';
import type { HandlerContext } from './handlers/context.ts';
import { delHandler } from './handlers/del.ts';
import { explainHandler } from './handlers/explain.ts';
import { gcHandler } from './handlers/gc.ts';
import { metricsHandler } from './handlers/metrics.ts';
import { openApiHandler } from './handlers/openapi.ts';
import { originalHandlers } from './handlers/original.ts';
import { coordinatorHandler, healthyHandler, workloadEndpointHandler } from './handlers/original-reads.ts';
import { poolsHandler } from './handlers/pools.ts';
import { statusHandler } from './handlers/status.ts';
import { sweepHandler } from './handlers/sweep.ts';
import type { Routes } from './http/router.ts';

/** Everything that the agent's socket serves. */
export function agentRoutes(context: HandlerContext): Routes {
  const original = originalHandlers(context);
  return {
    '/v1/cni/add': { POST: addHandler(context) },
    '/v1/cni/del': { POST: delHandler(context) },
    '/v1/cni/check': { POST: checkHandler(context) },
    '/v1/cni/gc': { POST: gcHandler(context) },
    '/v1/cni/status': { POST: statusHandler(context) },
    '/v1/ipam/healthy': { GET: healthyHandler() },
    '/v1/ipam/ip': { POST: original.add, DELETE: original.del },
    '/v1/ipam/ips': { POST: original.batchAdd, DELETE: original.batchDel },
    '/v1/workloadendpoint': { GET: workloadEndpointHandler(context) },
    '/v1/coordinator/config': { GET: coordinatorHandler(context.coordinator) },
    '/v1/pools': { GET: poolsHandler(context) },
    '/v1/allocations': { GET: allocationsHandler(context) },
    '/v1/allocations/{address}': { GET: whoHandler(context), DELETE: releaseHandler(context) },
    '/v1/explain': { POST: explainHandler(context) },
    '/v1/gc': { POST: sweepHandler(context) },
    '/v1/metrics': { GET: metricsHandler(context) },
    '/v1/openapi.json': { GET: openApiHandler() },
  };
}
