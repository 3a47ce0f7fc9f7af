import { isObject } from '../../../src/api/decode.ts';
import { readObject } from '../../../src/cluster/kubernetes/read-object.ts';
import { CniError } from '../../../src/cni/error.ts';
import { isJsonObject, type JsonObject } from '../../../src/cni/field-reader.ts';
import type { ClusterFacts } from '../../../src/ipam/facts.ts';
import { firstNic, furtherNic, networkOfNic, readPodNetworks } from '../../../src/ipam/pod-networks.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { type KubeResource, resourcePath } from '../../../src/kube/resource-path.ts';
import { CtlError } from '../ctl-error.ts';
import { parseNetworkConfigText } from '../network-config-file.ts';

const networkAttachmentDefinitions: KubeResource = {
  group: 'k8s.cni.cncf.io',
  version: 'v1',
  plural: 'network-attachment-definitions',
};

/**
 * The network configuration that Multus would hand to the plugin for a NIC of a pod; undefined where Multus has none for it, since
 * nothing tells the first NIC's network: then it is in a file of the node.
 *
 * @throws {CtlError} when the pod has no such NIC, or its network is not there or not Spiderpool's
 * @throws CniError when the pod's annotations or the network can't be read
 */
export async function readNetworkOfNic(
  api: KubeApi,
  nic: string,
  facts: ClusterFacts,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const networks = readPodNetworks(facts);
  const network = networkOfNic(networks, nic);
  if (network instanceof CniError) throw network;
  if (network === undefined) {
    if (nic === firstNic) return undefined;
    const further = networks.further instanceof CniError ? [] : networks.further;
    const nics = [firstNic, ...further.map((one, index) => furtherNic(one, index))];
    throw new CtlError(
      'CTL_REFUSED',
      `the pod has no NIC ${nic}: it has ${nics.join(', ')} (--nic names one)`,
    );
  }
  const { namespace, name } = network;
  const what = `NetworkAttachmentDefinition ${namespace}/${name}`;
  const path = resourcePath(networkAttachmentDefinitions, { namespace, name });
  const config = await readObject(api, path, configOf, { what, signal });
  if (config === undefined) throw new CtlError('CTL_REFUSED', `${what} of NIC ${nic} does not exist`);
  if (config === '') {
    const message = `${what} has no spec.config: Multus takes a file of the node, name a copy of it with --config`;
    throw new CtlError('CTL_REFUSED', message);
  }
  const parsed = parseNetworkConfigText(what, config);
  // Multus names the network so where the configuration leaves it out.
  return isJsonObject(parsed) && parsed['name'] === undefined ? { ...parsed, name } : parsed;
}

function configOf(object: unknown): string {
  const spec = isObject(object) ? object['spec'] : undefined;
  const config = isObject(spec) ? spec['config'] : undefined;
  return typeof config === 'string' ? config.trim() : '';
}
