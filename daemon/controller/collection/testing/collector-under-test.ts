import { pino } from 'pino';
import { type Address, formatAddress, parseAddress } from '../../../../src/ip/address.ts';
import { createKubeApi } from '../../../../src/kube/create-kube-api.ts';
import { kubeResources, resourcePath } from '../../../../src/kube/resource-path.ts';
import { writeTestConfig } from '../../../../src/kube/testing/test-config.ts';
import { BlockApi } from '../../../../src/ledger/blocks/block-api.ts';
import { blockBase, blockName, SLOTS, slotIndex } from '../../../../src/ledger/blocks/block-name.ts';
import { recordLabels } from '../../../../src/ledger/blocks/labels.ts';
import { encodeRecord, unusedSlot } from '../../../../src/ledger/blocks/slot.ts';
import type { AllocationRecord, Holder } from '../../../../src/ledger/record.ts';
import { ControllerMetrics } from '../../../../src/metrics/controller-metrics.ts';
import { until } from '../../../../test/integration/harness/until.ts';
import { createPod, type PodReference } from '../../../../test/support/cluster-objects.ts';
import type { ControlPlane } from '../../../../test/support/control-plane.ts';
import { startFaultProxy } from '../../../../test/support/fault-proxy.ts';
import type { CollectionOptions } from '../../controller-options.ts';
import { LeaderView } from '../../leader/leader-view.ts';
import type { CollectionTimes } from '../collection-times.ts';
import { Collector } from '../collector.ts';

/** As the original's defaults are, but for the interval: an event or a due suspicion brings every look. */
const collectionDefault: CollectionOptions = {
  isEnabled: true,
  onReadyNodes: true,
  onNotReadyNodes: true,
  runningWithoutAddress: false,
  additionalGraceMs: 0,
  intervalMs: 600_000,
};

/** Short, so that tests end; no test depends on how short. */
const timesDefault = { goneMs: 600, withoutAddressMs: 600, againMs: 300, eventPauseMs: 50 } as const;

/** What stands in a slot, as far as tests look. */
export interface SlotShape {
  readonly freed?: string;
  readonly suspect?: boolean;
  readonly pool?: string;
  readonly holders?: readonly { readonly pod: string; readonly uid: string }[];
}

/** A record by hand: of the pod that holds it, or of an owner. */
export interface RecordByHand {
  readonly pod?: PodReference;
  readonly holder?: Partial<Holder>;
  readonly holders?: readonly Holder[];
  readonly owner?: AllocationRecord['owner'];
  readonly keptOn?: string;
  readonly pool?: string;
}

export interface CollectorTestOptions {
  readonly collection?: Partial<CollectionOptions>;
  readonly times?: Partial<CollectionTimes>;
}

/** A collector in this process, which talks to a real API server through a proxy that does harm. Hold it with `await using`. */
export async function startCollector(plane: ControlPlane, options: CollectorTestOptions = {}) {
  await using stack = new AsyncDisposableStack();
  const proxy = stack.use(await startFaultProxy(plane));
  const api = stack.use(createKubeApi({ kubeconfig: await writeTestConfig(plane, { server: proxy.url }) }));
  const log = pino({ level: 'silent' });
  const metrics = new ControllerMetrics();
  const view = new LeaderView({ api, log });
  const collector = new Collector({
    api,
    log,
    metrics,
    view,
    collection: { ...collectionDefault, ...options.collection },
    workloads: { enableStatefulSet: true, enableKubevirtStaticIP: true },
    times: { ...timesDefault, ...options.times },
  });
  const ending = new AbortController();
  const { signal } = ending;
  const viewed = view.run(signal);
  const collected = collector.run(signal);
  const stop = async (): Promise<void> => {
    ending.abort();
    await Promise.all([viewed, collected]);
  };
  stack.defer(stop);
  await view.synced(AbortSignal.timeout(60_000));
  const owned = stack.move();
  return {
    proxy,
    metrics,
    view,
    collector,
    stop,
    collectNow: () => collector.collectNow(signal),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The value of one of its metrics. */
export async function metricOf(metrics: ControllerMetrics, name: string): Promise<number> {
  const metric = await metrics.registry.getSingleMetric(name)?.get();
  return metric?.values[0]?.value ?? 0;
}

/** A holder as an agent writes it. */
export function holderOf(pod: PodReference, node = 'node'): Holder {
  const { namespace, name, uid } = pod;
  return { uid, sandbox: `sandbox-of-${uid}`, node, pod: { namespace, name } };
}

/** A pod that was never there. */
export function nobody(name: string, namespace = 'default'): PodReference {
  return { namespace, name, uid: `uid-of-${name}` };
}

/** Records by hand, and a look at what became of them. */
export class RecordsByHand {
  readonly #plane: ControlPlane;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
  }

  async pod(name: string, node = 'node', namespace = 'default'): Promise<PodReference> {
    const pod = await createPod(this.#plane, { namespace, name, node });
    await this.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, {
      status: { podIPs: [{ ip: '10.0.0.1' }], podIP: '10.0.0.1' },
    });
    return pod;
  }

  /** Makes a node, or changes it. */
  async node(name: string, { isReady = true, isOutOfService = false } = {}): Promise<void> {
    await this.#plane.ensure('/api/v1/nodes', { metadata: { name } });
    const taints = isOutOfService
      ? [{ key: 'node.kubernetes.io/out-of-service', value: 'nodeshutdown', effect: 'NoExecute' }]
      : null;
    await this.patch(`/api/v1/nodes/${name}`, { spec: { taints } });
    await this.patch(`/api/v1/nodes/${name}/status`, {
      status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'Unknown' }] },
    });
  }

  /** Writes a record as an agent would have. */
  async write(address: string, record: RecordByHand): Promise<void> {
    const { pod, holder, holders, owner, keptOn, pool = 'pool' } = record;
    const held = holders ?? (pod === undefined ? [] : [{ ...holderOf(pod), ...holder }]);
    const written: AllocationRecord = {
      address: parsed(address),
      pool,
      network: 'net',
      nic: 'eth0',
      sinceMs: Date.parse('2026-01-01T00:00:00Z'),
      ...(owner && { owner }),
      holders: held,
    };
    const labels = Object.fromEntries(recordLabels(written, keptOn).map((key) => [key, '']));
    await this.writeSlot(address, encodeRecord(written, undefined, keptOn), labels);
  }

  /** Writes anything into a slot. */
  async writeSlot(
    address: string,
    slot: unknown,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const base = blockBase(parsed(address));
    const index = slotIndex(parsed(address));
    if ((await this.#plane.adminRequest('GET', pathOf(base))).status === 404) {
      await using api = createKubeApi({ kubeconfig: this.#plane.adminKubeconfig });
      const slots = Array.from({ length: SLOTS }, (_, each) => (each === index ? slot : unusedSlot));
      await new BlockApi(api, undefined).create(base, { slots, labels });
      return;
    }
    const { status, text } = await this.#plane.adminRequest(
      'PATCH',
      pathOf(base),
      [{ op: 'replace', path: `/spec/slots/${index}`, value: slot }],
      { contentType: 'application/json-patch+json' },
    );
    if (status !== 200) throw new Error(text);
  }

  async slot(address: string): Promise<SlotShape> {
    const { body } = await this.#plane.adminRequest('GET', pathOf(blockBase(parsed(address))));
    const { spec } = body as { readonly spec: { readonly slots: readonly SlotShape[] } };
    return spec.slots[slotIndex(parsed(address))] ?? {};
  }

  /** Waits until an address is free. @returns whether it is suspect */
  async untilFreed(address: string): Promise<boolean> {
    const slot = await until(`${address} is free`, async () => {
      const now = await this.slot(address);
      return now.freed === undefined ? undefined : now;
    });
    return slot.suspect === true;
  }

  /** Changes an object, of what has a status its status too. */
  async patch(path: string, change: object): Promise<void> {
    const { status, text } = await this.#plane.adminRequest('PATCH', path, change);
    if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  }
}

/** Matches requests for the block of an address. */
export function blockPath(address: string): RegExp {
  return new RegExp(`/spideripblocks/${blockName(blockBase(parsed(address)))}(\\?|$)`);
}

function parsed(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined || formatAddress(address) !== text) throw new Error(`no address: ${text}`);
  return address;
}

function pathOf(base: Address): string {
  return resourcePath(kubeResources.blocks, { name: blockName(base) });
}
