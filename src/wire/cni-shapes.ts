import * as z from 'zod';
import { attachmentsMax, poolsMax } from '../cni/parse-config.ts';
import { requestedMax } from '../cni/requested-address.ts';
import { storedTextMax } from '../cni/stored-text.ts';
import { cniVersions } from '../cni/version.ts';
import { errorSchema } from './shapes.ts';

/*
 * What `/v1/cni/{verb}` takes and answers, for `GET /v1/openapi.json`. Requests are checked by the parsers of `src/cni`, whose
 * errors have the codes of the specification and which take keys in any case, as the original does.
 */

const poolList = (family: 4 | 6): z.ZodType =>
  z
    .array(z.string().min(1).max(storedTextMax.poolName))
    .max(poolsMax)
    .nullish()
    .describe(`IPv${family} pools in the order to try them; names or patterns with * ? [a-z].`);

const requested = z
  .looseObject({ ips: z.array(z.string()).max(requestedMax).nullish() })
  .nullish()
  .describe('`ips`: addresses to ask for, at most one a family, with or without a prefix length.');

const ipamSchema = z
  .looseObject({
    type: z.string().optional(),
    default_ipv4_ippool: poolList(4),
    default_ipv6_ippool: poolList(6),
    clean_gateway: z.boolean().nullish().describe('No default route.'),
    match_master_subnet: z
      .boolean()
      .nullish()
      .describe('Only pools whose subnet the SR-IOV parent has an address in.'),
  })
  .describe("The plugin's own keys (`ipam_unix_socket_path`, `log_*`) are checked here too.");

/** A network configuration (CNI 1.1.0, section "Network configuration objects"), with what this IPAM reads of it. */
export const networkConfigSchema = z
  .looseObject({
    cniVersion: z.enum(cniVersions),
    name: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/)
      .max(storedTextMax.network)
      .describe('Name of the network.'),
    ipam: ipamSchema.nullish(),
    runtimeConfig: requested,
    args: z
      .looseObject({ cni: requested })
      .nullish()
      .describe('Looked at where `runtimeConfig.ips` is missing.'),
    prevResult: z.looseObject({}).nullish().describe('The result of ADD; required for CHECK.'),
    'cni.dev/valid-attachments': z
      .array(z.looseObject({ containerID: z.string(), ifname: z.string() }))
      .max(attachmentsMax)
      .nullish()
      .describe('Attachments that GC must keep; required for GC.'),
  })
  .describe('The network configuration as a runtime hands it to a CNI plugin on stdin.');

const variable = (description: string): z.ZodType => z.string().nullish().describe(description);

/** Body of `POST /v1/cni/{verb}`. */
export const cniRequestSchema = z
  .object({
    config: networkConfigSchema.nullable().describe('Null on DEL only, where stdin was not JSON.'),
    env: z
      .looseObject({
        CNI_CONTAINERID: variable('Container id of the sandbox.'),
        CNI_NETNS: variable('Path of the network namespace.'),
        CNI_IFNAME: variable('Name of the NIC in the container, at most 15 characters.'),
        CNI_ARGS: variable(
          '`K8S_POD_NAMESPACE`, `K8S_POD_NAME`, `K8S_POD_UID` and `IP`, as `KEY=value` joined by `;`.',
        ),
        CNI_PATH: variable('Where the runtime looks for plugins.'),
      })
      .describe('The variables as the runtime set them (CNI 1.1.0, section "Parameters").'),
  })
  .describe('What the CNI plugin read.');

/** Answer to an ADD. */
export const cniResultSchema = z
  .object({
    cniVersion: z.enum(cniVersions),
    ips: z.array(
      z.object({
        version: z.enum(['4', '6']).exactOptional().describe('Up to cniVersion 0.4.0 only.'),
        address: z.string().describe('In CIDR notation.'),
        gateway: z.string().exactOptional(),
      }),
    ),
    routes: z.array(z.object({ dst: z.string(), gw: z.string() })).exactOptional(),
    dns: z.object({}),
  })
  .describe('The result of an IPAM plugin in the version of the request (CNI 1.1.0, section "Success").');

/** A refusal of a CNI verb. */
export const cniErrorSchema = errorSchema
  .extend({ cniVersion: z.string() })
  .describe('An error object (CNI 1.1.0, section "Error"); docs/errors.md explains the codes.');
