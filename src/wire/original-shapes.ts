import * as z from 'zod';
import { poolsMax } from '../cni/parse-config.ts';

/*
 * What the routes of the original's API take and answer, with its field names, for `GET /v1/openapi.json`. They are what
 * the original's own plugin speaks, so nothing here may change.
 */

const pod = { podNamespace: z.string(), podName: z.string(), podUID: z.string() };
const poolList = z.array(z.string()).max(poolsMax).nullish();
const cidr = z.string().describe('In CIDR notation.');

/** Body of `POST /v1/ipam/ip`. */
export const ipamAddArgsSchema = z.object({
  containerID: z.string(),
  ifName: z.string(),
  netNamespace: z.string(),
  ...pod,
  defaultIPv4IPPool: poolList,
  defaultIPv6IPPool: poolList,
  cleanGateway: z.boolean().optional(),
  matchMasterSubnet: z.boolean().optional(),
});

/** Body of `DELETE /v1/ipam/ip`. */
export const ipamDelArgsSchema = z.object({
  containerID: z.string(),
  ifName: z.string(),
  netNamespace: z.string().optional(),
  ...pod,
});

/** Body of `DELETE /v1/ipam/ips`. */
export const ipamBatchDelArgsSchema = z.object({
  containerID: z.string(),
  netNamespace: z.string().optional(),
  ...pod,
  isReleaseConflictIPs: z.boolean().optional(),
});

const routeSchema = z.object({ ifName: z.string(), dst: cidr, gw: z.string() });

/** Answer to `POST /v1/ipam/ip`. */
export const ipamAddResponseSchema = z.object({
  ips: z.array(
    z.object({
      version: z.literal([4, 6]),
      address: cidr,
      nic: z.string(),
      ipPool: z.string(),
      gateway: z.string().exactOptional(),
    }),
  ),
  routes: z.array(routeSchema),
});

/** Answer to `GET /v1/workloadendpoint`. */
export const workloadEndpointSchema = z.object({
  podNamespace: z.string(),
  podName: z.string(),
  podUID: z.string(),
  node: z.string(),
  interfaces: z.array(
    z.object({
      interface: z.string(),
      ipv4: cidr.exactOptional(),
      ipv4Pool: z.string().exactOptional(),
      ipv4Gateway: z.string().exactOptional(),
      ipv6: cidr.exactOptional(),
      ipv6Pool: z.string().exactOptional(),
      ipv6Gateway: z.string().exactOptional(),
      routes: z.array(routeSchema),
    }),
  ),
});

/** Body of `GET /v1/coordinator/config`. */
export const getCoordinatorArgsSchema = z.object({
  podNamespace: z.string().optional(),
  podName: z.string().optional(),
});

/** Answer to `GET /v1/coordinator/config`. */
export const coordinatorConfigSchema = z.object({
  mode: z.string(),
  overlayPodCIDR: z.array(cidr),
  serviceCIDR: z.array(cidr),
  tunePodRoutes: z.boolean(),
  hijackCIDR: z.array(cidr).exactOptional(),
  policyRoutes: z.array(z.object({ dst: cidr, gw: z.string() })).exactOptional(),
  podMACPrefix: z.string().exactOptional(),
  podDefaultRouteNIC: z.string().exactOptional(),
  hostRuleTable: z.int().exactOptional(),
  podRPFilter: z.int().exactOptional(),
  txQueueLen: z.int().exactOptional(),
  vethLinkAddress: z.string().exactOptional(),
  vethMTU: z.int().exactOptional(),
});

/** Answer to `GET /v1/coordinator/config`. */
export type CoordinatorConfigShape = Readonly<z.infer<typeof coordinatorConfigSchema>>;

/** Answer with status 422. */
export const originalViolationSchema = z
  .object({ code: z.literal(602), message: z.string() })
  .describe("A violation of a schema, as the original's framework tells it.");

/** Every other refusal. */
export const originalErrorSchema = z.string().describe('Why not. The original answers a bare JSON string.');
