import type { ControlPlane } from '../../support/control-plane.ts';
import { busyboxImage, serveScript } from './images.ts';

/** What pods of a workload have beside the usual. */
export interface PodOptions {
  readonly annotations?: Readonly<Record<string, string>>;
  /** Shell script of the only container. @default a web server that serves the pod's name */
  readonly script?: string;
  readonly node?: string;
  readonly restartPolicy?: 'Always' | 'Never';
  /** kubelet asks the container over HTTP whether it is ready. @default none */
  readonly probePort?: number;
}

/** Of a Pod, or the template of a workload. */
export function podTemplate(app: string, options: PodOptions = {}): object {
  const { annotations = {}, script = serveScript, node, restartPolicy, probePort } = options;
  const probe = probePort && {
    readinessProbe: { httpGet: { port: probePort, path: '/' }, periodSeconds: 1 },
  };
  return {
    metadata: { labels: { app }, annotations },
    spec: {
      containers: [
        {
          name: 'main',
          image: busyboxImage,
          imagePullPolicy: 'Never',
          command: ['sh', '-c', script],
          ...probe,
        },
      ],
      terminationGracePeriodSeconds: 5,
      // A lost node's pods are evicted at once.
      tolerations: ['not-ready', 'unreachable'].map((state) => ({
        key: `node.kubernetes.io/${state}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 0,
      })),
      ...(restartPolicy && { restartPolicy }),
      ...(node && { nodeName: node }),
    },
  };
}

export function pod(name: string, options: PodOptions = {}): object {
  const { metadata, ...rest } = podTemplate(name, options) as { metadata: object };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, ...rest };
}

/** A Deployment, StatefulSet or DaemonSet. @param replicas none for a DaemonSet */
export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet',
  name: string,
  replicas?: number,
  options: PodOptions = {},
): object {
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      ...(replicas !== undefined && { replicas }),
      ...(kind === 'StatefulSet' && { serviceName: name, podManagementPolicy: 'Parallel' }),
      selector: { matchLabels: { app: name } },
      template: podTemplate(name, options),
    },
  };
}

export function job(name: string, completions: number, script: string): object {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name },
    spec: {
      completions,
      parallelism: completions,
      template: podTemplate(name, { script, restartPolicy: 'Never' }),
    },
  };
}

/** An IPv4 pool of the LAN. */
export function pool(name: string, ips: readonly string[]): object {
  return {
    apiVersion: 'spiderpool.spidernet.io/v2beta1',
    kind: 'SpiderIPPool',
    metadata: { name },
    spec: { subnet: '10.20.0.0/16', gateway: '10.20.0.1', ips },
  };
}

/** Annotation of a pod whose address comes from this pool. */
export function fromPool(name: string): Readonly<Record<string, string>> {
  return { 'ipam.spidernet.io/ippool': JSON.stringify({ ipv4: [name] }) };
}

/** Applies objects as `kubectl apply` does. @param namespace is made where it is missing */
export async function apply(
  plane: ControlPlane,
  namespace: string,
  ...objects: readonly object[]
): Promise<void> {
  await plane.ensure('/api/v1/namespaces', { metadata: { name: namespace } });
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await plane.kubectl([`--namespace=${namespace}`, 'apply', '-f', '-'], { stdin: JSON.stringify(list) });
}
