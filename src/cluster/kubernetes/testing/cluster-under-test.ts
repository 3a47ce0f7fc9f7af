import { pino } from 'pino';
import { type ControlPlane, startControlPlane } from '../../../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../../../test/support/fault-proxy.ts';
import { createKubeApi } from '../../../kube/create-kube-api.ts';
import { KubernetesCluster } from '../kubernetes-cluster.ts';

/** A control plane, a proxy before it, and agents' accounts. */
export interface TestPlane extends AsyncDisposable {
  readonly plane: ControlPlane;
  readonly proxy: FaultProxy;
  readonly kubeconfig: string;
}

/** Starts a control plane whose faults come from a proxy, with an ordinary service account that has the agent's rights. */
export async function startTestPlane(): Promise<TestPlane> {
  await using stack = new AsyncDisposableStack();
  const plane = stack.use(await startControlPlane());
  const proxy = stack.use(await startFaultProxy(plane));
  const account = { namespace: 'spiderpool', name: 'agent' };
  await plane.bindAgentRole(account);
  const kubeconfig = await plane.kubeconfigFor(account, { server: proxy.url });
  const held = stack.move();
  return { plane, proxy, kubeconfig, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** What a test may want to be different. */
export interface FollowOptions {
  readonly nodeName?: string;
  readonly enableStatefulSet?: boolean;
  readonly enableKubevirtStaticIP?: boolean;
}

/** A cluster that is being followed. */
export interface FollowedCluster extends AsyncDisposable {
  readonly cluster: KubernetesCluster;
}

/** Follows the cluster as an agent of `node-1` does. */
export function followCluster(
  kubeconfig: string,
  { nodeName = 'node-1', enableStatefulSet = true, enableKubevirtStaticIP = true }: FollowOptions = {},
): FollowedCluster {
  const api = createKubeApi({ kubeconfig });
  const stop = new AbortController();
  const cluster = new KubernetesCluster({
    api,
    nodeName,
    agentNamespace: 'spiderpool',
    clusterNetwork: 'spiderpool/macvlan',
    enableStatefulSet,
    enableKubevirtStaticIP,
    enableSpiderSubnet: false,
    log: pino({ level: 'silent' }),
  });
  const running = cluster.run(stop.signal);
  return {
    cluster,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await api[Symbol.asyncDispose]();
    },
  };
}
