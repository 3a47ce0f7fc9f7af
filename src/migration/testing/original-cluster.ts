import {
  type ControllerReference,
  createObject,
  createPod,
  type PodReference,
} from '../../../test/support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../../test/support/fault-proxy.ts';
import { createKubeApi } from '../../kube/create-kube-api.ts';
import type { KubeApi } from '../../kube/kube-api.ts';

const group = '/apis/spiderpool.spidernet.io/v2beta1';

/** What stands in `status.allocatedIPs`, address by address. */
export type Allocated = Readonly<Record<string, { readonly pod: string; readonly podUid: string }>>;

/** A NIC as it stands in a SpiderEndpoint. */
export interface Detail {
  readonly interface: string;
  readonly ipv4?: string;
  readonly ipv4Pool?: string;
  readonly ipv6?: string;
  readonly ipv6Pool?: string;
}

/** What a test reads of a SpiderIPPool. */
export interface PoolObject {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: { readonly allocatedIPs?: string; readonly allocatedIPCount?: number };
}

/** What a test reads of a SpiderEndpoint. */
export interface EndpointObject {
  readonly metadata: { readonly finalizers?: readonly string[]; readonly resourceVersion: string };
  readonly status: {
    readonly current: { readonly uid: string; readonly node: string; readonly ips: readonly Detail[] };
    readonly ownerControllerType: string;
    readonly ownerControllerName: string;
  };
}

/** A cluster as the original leaves it: its objects to the letter, on a real API server. Hold it with `await using`. */
export class OriginalCluster implements AsyncDisposable {
  readonly plane: ControlPlane;
  readonly proxy: FaultProxy;
  /** With all rights, through the proxy. */
  readonly api: KubeApi;

  private constructor(plane: ControlPlane, proxy: FaultProxy, api: KubeApi) {
    this.plane = plane;
    this.proxy = proxy;
    this.api = api;
  }

  static async start(): Promise<OriginalCluster> {
    await using stack = new AsyncDisposableStack();
    const plane = stack.use(await startControlPlane());
    const proxy = stack.use(await startFaultProxy(plane));
    const account = { namespace: 'spiderpool', name: 'administrator' };
    await plane.createAccount(account);
    await plane.ensure('/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
      metadata: { name: 'administrator' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    });
    const api = createKubeApi({ kubeconfig: await plane.kubeconfigFor(account, { server: proxy.url }) });
    stack.move();
    return new OriginalCluster(plane, proxy, api);
  }

  /** Makes a pool of the /24 of this prefix, such as `10.6.0`, with records. */
  async pool(name: string, prefix: string, allocated: Allocated = {}): Promise<void> {
    await createObject(this.plane, `${group}/spiderippools`, {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPPool',
      metadata: { name, finalizers: ['spiderpool.spidernet.io'] },
      spec: {
        ipVersion: 4,
        subnet: `${prefix}.0/24`,
        ips: [`${prefix}.1-${prefix}.250`],
        gateway: `${prefix}.254`,
      },
    });
    await this.allocate(name, allocated);
  }

  /** Writes the records of a pool as the original's agents do. */
  async allocate(name: string, allocated: Allocated): Promise<void> {
    const count = Object.keys(allocated).length;
    const status = {
      allocatedIPCount: count,
      totalIPCount: 250,
      allocatedIPs: count === 0 ? null : JSON.stringify(allocated),
    };
    await this.#send('PATCH', `${group}/spiderippools/${name}/status`, { status });
  }

  /** Makes a pod that runs. */
  async pod(
    name: string,
    options: {
      readonly node?: string;
      readonly networks?: string;
      readonly controller?: ControllerReference;
      readonly labels?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<PodReference> {
    const { node = 'node-a', networks, controller, labels } = options;
    return createPod(this.plane, {
      namespace: 'default',
      name,
      node,
      ...(labels && { labels }),
      ...(networks !== undefined && { annotations: { 'k8s.v1.cni.cncf.io/networks': networks } }),
      ...(controller && { controller }),
    });
  }

  /** Makes a SpiderEndpoint as the original's agent does. */
  async endpoint(
    name: string,
    uid: string,
    ips: readonly Detail[],
    options: { readonly node?: string; readonly type?: string; readonly ownerName?: string } = {},
  ): Promise<void> {
    const { node = 'node-a', type = 'Pod', ownerName = name } = options;
    const isStatic = type === 'StatefulSet' || type === 'VirtualMachineInstance';
    await createObject(this.plane, `${group}/namespaces/default/spiderendpoints`, {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderEndpoint',
      metadata: {
        name,
        finalizers: ['spiderpool.spidernet.io'],
        ...(!isStatic && { ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name, uid }] }),
      },
      status: { current: { uid, node, ips }, ownerControllerType: type, ownerControllerName: ownerName },
    });
  }

  async readPool(name: string): Promise<PoolObject> {
    return (await this.#send('GET', `${group}/spiderippools/${name}`)) as PoolObject;
  }

  async readEndpoint(name: string): Promise<EndpointObject> {
    return (await this.#send('GET', `${group}/namespaces/default/spiderendpoints/${name}`)) as EndpointObject;
  }

  /** Everything of this kind, for comparing before and after. */
  async all(plural: 'spiderippools' | 'spiderendpoints' | 'spideripblocks'): Promise<unknown> {
    return ((await this.#send('GET', `${group}/${plural}`)) as { readonly items: unknown }).items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
    await this.proxy[Symbol.asyncDispose]();
    await this.plane[Symbol.asyncDispose]();
  }

  async #send(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await this.plane.adminRequest(method, path, body);
    if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }
}
