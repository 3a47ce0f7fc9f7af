import { isObject } from '../../../src/api/decode.ts';
import { isNotFound } from '../../../src/cluster/kubernetes/read-object.ts';
import { type Conf, defaultConf, parseConf } from '../../../src/config/conf.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { type KubeResource, resourcePath } from '../../../src/kube/resource-path.ts';

const configMaps: KubeResource = { group: '', version: 'v1', plural: 'configmaps' };

/** ConfigMap of agents and controllers. */
const configMapName = 'spiderpool-conf';

/** What agents and controllers of a cluster are configured with. */
export interface ClusterConf {
  readonly conf: Conf;
  /** `MULTUS_CLUSTER_NETWORK` of the agents; undefined when it is not set. */
  readonly clusterNetwork?: string;
  /** Why the defaults are taken instead. */
  readonly note?: string;
}

/** Reads the configuration, or says why not: then what holds without one. @throws ConfError when it is wrong, KubeError */
export async function readConf(api: KubeApi, namespace: string, signal: AbortSignal): Promise<ClusterConf> {
  const path = resourcePath(configMaps, { namespace, name: configMapName });
  const name = `ConfigMap ${namespace}/${configMapName}`;
  let object: unknown;
  try {
    object = await api.request({ method: 'GET', path, signal });
  } catch (error) {
    const mayBeLeftOut = isNotFound(error) || (error instanceof KubeError && error.status === 403);
    if (!mayBeLeftOut) throw error;
    const why = isNotFound(error) ? 'does not exist (--namespace names another)' : 'may not be read';
    return { conf: defaultConf, note: `${name} ${why}: explained with the defaults of its switches` };
  }
  const data = isObject(object) && isObject(object['data']) ? object['data'] : {};
  const { clusterNetwork, 'conf.yml': text } = data;
  const conf = typeof text === 'string' ? parseConf(text, `conf.yml of ${name}`).conf : defaultConf;
  const isNamed = typeof clusterNetwork === 'string' && clusterNetwork.trim() !== '';
  return { conf, ...(isNamed && { clusterNetwork }) };
}
