import { pino } from 'pino';
import { type PodView, parsePodView } from '../../../../src/cluster/kubernetes/pod-view.ts';
import type { PoolCatalog } from '../../../../src/ipam/pool.ts';
import { createKubeApi } from '../../../../src/kube/create-kube-api.ts';
import type { AllocationRecord } from '../../../../src/ledger/record.ts';
import type { ControlPlane } from '../../../../test/support/control-plane.ts';
import { EndpointWriter } from '../endpoint-writer.ts';

/** A running writer, and the node that it writes of: records and pods as a test puts them there. */
export interface WriterUnderTest extends AsyncDisposable {
  readonly writer: EndpointWriter;
  /** Undefined until they are known. */
  records: readonly AllocationRecord[] | undefined;
  readonly pods: Map<string, PodView>;
}

/** Starts a writer for a node. */
export function startWriter(
  kubeconfig: string,
  catalog: PoolCatalog,
  options: { readonly nodeName?: string; readonly records?: readonly AllocationRecord[] } = {},
): WriterUnderTest {
  const api = createKubeApi({ kubeconfig });
  const stop = new AbortController();
  const node: Pick<WriterUnderTest, 'records' | 'pods'> = { records: options.records, pods: new Map() };
  const writer = new EndpointWriter({
    api,
    nodeName: options.nodeName ?? 'node-1',
    records: () => node.records,
    catalog: () => catalog,
    pod: (namespace, name) => node.pods.get(`${namespace}/${name}`),
    log: pino({ level: 'silent' }),
  });
  const running = writer.run(stop.signal);
  return Object.assign(node, {
    writer,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
      await api[Symbol.asyncDispose]();
    },
  });
}

/** Reads a pod as the cluster's watch would show it. */
export async function readPod(plane: ControlPlane, namespace: string, name: string): Promise<PodView> {
  const { body } = await plane.adminRequest('GET', `/api/v1/namespaces/${namespace}/pods/${name}`);
  return parsePodView(body);
}
