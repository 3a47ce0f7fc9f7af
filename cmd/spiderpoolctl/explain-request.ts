import type { JsonObject } from '../../src/cni/field-reader.ts';
import type { CniRequestBody } from '../../src/cni/request.ts';

/** The switches of `spiderpoolctl explain` that describe the ADD. */
export interface ExplainOptions {
  readonly ipv4Pool?: readonly string[];
  readonly ipv6Pool?: readonly string[];
  readonly cleanGateway?: boolean;
  readonly nic: string;
  /** `NAMESPACE/NAME`. */
  readonly pod?: string;
  readonly uid?: string;
  readonly containerId: string;
  /** An address in its canonical text. */
  readonly requestIp?: string;
}

/** ADD has to name both; a dry run looks at neither. */
const placeholders = { CNI_NETNS: '/var/run/netns/spiderpoolctl-explain', CNI_PATH: '/opt/cni/bin' } as const;

/** A network config that says what the switches say, as a runtime would hand it to the plugin. */
export function composeNetworkConfig(options: ExplainOptions): JsonObject {
  return {
    cniVersion: '1.1.0',
    name: 'spiderpoolctl-explain',
    ipam: {
      type: 'spiderpool',
      ...(options.ipv4Pool === undefined ? {} : { default_ipv4_ippool: options.ipv4Pool }),
      ...(options.ipv6Pool === undefined ? {} : { default_ipv6_ippool: options.ipv6Pool }),
      ...(options.cleanGateway === true ? { clean_gateway: true } : {}),
    },
  };
}

/** The request that the plugin would send for this ADD. Values must have neither `;` nor `=` (they go into CNI_ARGS). */
export function composeExplainRequest(config: object, options: ExplainOptions): CniRequestBody {
  const [namespace, name] = options.pod?.split('/') ?? [];
  const args = Object.entries({
    IgnoreUnknown: '1',
    K8S_POD_NAMESPACE: namespace,
    K8S_POD_NAME: name,
    K8S_POD_UID: options.uid,
    IP: options.requestIp,
  });
  return {
    config,
    env: {
      CNI_CONTAINERID: options.containerId,
      CNI_IFNAME: options.nic,
      CNI_ARGS: args
        .filter(([, value]) => value !== undefined)
        .map(([key, value]) => `${key}=${value}`)
        .join(';'),
      ...placeholders,
    },
  };
}
