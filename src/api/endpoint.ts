import * as z from 'zod';
import { apiVersion } from './resources.ts';

const texts = z.record(z.string(), z.string());

const ownerReferenceSchema = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().exactOptional(),
  blockOwnerDeletion: z.boolean().exactOptional(),
});

const metadataSchema = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string().exactOptional(),
  resourceVersion: z.string().exactOptional(),
  labels: texts.exactOptional(),
  annotations: texts.exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
  ownerReferences: z.array(ownerReferenceSchema).exactOptional(),
  deletionTimestamp: z.string().exactOptional(),
});

const detailSchema = z.object({
  interface: z.string(),
  /** In CIDR notation, like `ipv6`. */
  ipv4: z.string().exactOptional(),
  ipv6: z.string().exactOptional(),
  ipv4Pool: z.string().exactOptional(),
  ipv6Pool: z.string().exactOptional(),
  ipv4Gateway: z.string().exactOptional(),
  ipv6Gateway: z.string().exactOptional(),
  /** The API server writes 0 where it is left out. */
  vlan: z.number().default(0),
  cleanGateway: z.boolean().exactOptional(),
  routes: z.array(z.object({ dst: z.string(), gw: z.string() })).exactOptional(),
  mac: z.string().exactOptional(),
});

const statusSchema = z.object({
  current: z.object({ uid: z.string(), node: z.string(), ips: z.array(detailSchema) }),
  ownerControllerType: z.string(),
  ownerControllerName: z.string(),
});

const endpointSchema = z.object({
  metadata: metadataSchema,
  // Whoever may write endpoints may write nonsense, too: it is then as good as none.
  status: statusSchema.optional().catch(undefined),
});

/** Metadata of a SpiderEndpoint. */
export type EndpointMetadata = Readonly<z.infer<typeof metadataSchema>>;

/** What a NIC of a pod has: texts as the original writes them. */
export type EndpointDetail = Readonly<z.infer<typeof detailSchema>>;

/** `status` of a SpiderEndpoint, which has no `spec`. */
export type SpiderEndpointStatus = Readonly<z.infer<typeof statusSchema>>;

/** The addresses of a pod as others read them: namespaced, named after the pod or its virtual machine instance. */
export interface SpiderEndpoint {
  readonly apiVersion: typeof apiVersion;
  readonly kind: 'SpiderEndpoint';
  readonly metadata: EndpointMetadata;
  /** Undefined when there is none, or none that can be read. */
  readonly status?: SpiderEndpointStatus | undefined;
}

/**
 * Reads a SpiderEndpoint that the API server returned; unknown fields are left out.
 *
 * @throws z.ZodError when its metadata is not that of a namespaced object
 */
export function parseEndpoint(value: unknown): SpiderEndpoint {
  return { apiVersion, kind: 'SpiderEndpoint', ...endpointSchema.parse(value) };
}
