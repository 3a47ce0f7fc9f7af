import type { PodReference } from '../../../src/cluster/cluster.ts';
import { checkVerbVersion } from '../../../src/cni/check-verb-version.ts';
import type { NetworkConfig } from '../../../src/cni/network-config.ts';
import { type CniArgs, parseCniArgs } from '../../../src/cni/parse-args.ts';
import { parseNetworkConfig } from '../../../src/cni/parse-config.ts';
import { parseCniEnvironment } from '../../../src/cni/parse-environment.ts';
import { parseRequestBody } from '../../../src/cni/parse-request-body.ts';
import type { AddRequest, Attachment } from '../attachment.ts';
import { observeNamespace } from '../netns.ts';

/** A checked ADD or CHECK. */
export interface AttachmentRequest {
  readonly config: NetworkConfig;
  readonly add: AddRequest;
}

/**
 * Checks the body of an ADD or CHECK.
 *
 * @throws CniError with the code of the specification
 */
export function parseAttachmentRequest(
  verb: 'add' | 'check',
  body: unknown,
  bootId: string | undefined,
): AttachmentRequest {
  const request = parseRequestBody(body);
  const config = parseNetworkConfig(request.config);
  checkVerbVersion(verb, config.cniVersion);
  const { containerId, ifName, netns } = parseCniEnvironment(verb, request.env);
  const args = parseCniArgs(request.env.CNI_ARGS ?? '');
  const attachment: Attachment = { sandbox: containerId, nic: ifName, pod: podReference(args) };
  const add: AddRequest = {
    attachment,
    network: config.name,
    netns: observeNamespace(netns ?? '', bootId),
    nicRequest: {
      nic: ifName,
      configPools: { 4: config.defaultIPv4Pools, 6: config.defaultIPv6Pools },
      cleanGateway: config.cleanGateway,
      matchMasterSubnet: config.matchMasterSubnet,
      requestedAddresses: requestedAddresses(config, args),
    },
  };
  return { config, add };
}

/** The pod that CNI_ARGS names. */
export function podReference(args: Pick<CniArgs, 'podNamespace' | 'podName' | 'podUid'>): PodReference {
  return {
    ...(args.podNamespace !== undefined && { namespace: args.podNamespace }),
    ...(args.podName !== undefined && { name: args.podName }),
    ...(args.podUid !== undefined && { uid: args.podUid }),
  };
}

/** What the configuration asks for wins over CNI_ARGS' `IP`. */
function requestedAddresses(
  config: NetworkConfig,
  args: CniArgs,
): AddRequest['nicRequest']['requestedAddresses'] {
  if (config.requestedAddresses.length > 0) return config.requestedAddresses;
  return args.ip === undefined ? [] : [args.ip];
}
