import { structurallyEqual } from '../../../src/api/structurally-equal.ts';
import { waitOrAbort } from '../../../src/async/wait-or-abort.ts';
import { collectionText } from '../../../src/cli/collection-text.ts';
import { storedConditions, storedProblems } from '../../../src/cluster/kubernetes/stored-pools.ts';
import { type Address, familyOf, parseAddress } from '../../../src/ip/address.ts';
import { reservedAddresses } from '../../../src/ipam/compile-pool.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { type BlockLedger, openNodelessLedger } from '../../../src/ledger/blocks/block-ledger.ts';
import type { RecordFilter } from '../../../src/ledger/ledger.ts';
import type { ClusterWhoShape } from '../../../src/wire/cluster-shapes.ts';
import { poolsShape } from '../../../src/wire/pools-shape.ts';
import type { ExplainShape, PoolsShape, ReleasedShape, WhoShape } from '../../../src/wire/shapes.ts';
import { allocationShape, whoShape } from '../../../src/wire/to-shapes.ts';
import { CtlError } from '../ctl-error.ts';
import type {
  AllocationFilter,
  AllocationPage,
  Answer,
  Collected,
  ExplainQuestion,
  Source,
} from '../source.ts';
import { explainOnCluster } from './explain-on-cluster.ts';
import { readPodsNow } from './pods-now.ts';
import { readAllocations } from './read-allocations.ts';
import { readPools } from './read-pools.ts';
import { requestCollection } from './request-collection.ts';

/** A write whose answer is lost is repeated until its outcome is known; after so long the person is told that it is not. */
const releaseMsMax = 60_000;

/** What `--node` asks for all nodes with. */
const allNodes = '*';

/** What a {@link ClusterSource} works with. */
export interface ClusterSourceOptions {
  readonly api: KubeApi;
  readonly title: string;
  /** Of agents and controllers. */
  readonly namespace: string;
  readonly signal: AbortSignal;
  /** Is told how far work is that takes long. */
  readonly progress: (text: string) => void;
}

/** A cluster, by its API server: pools and address blocks as they are stored, read with a person's rights. */
export class ClusterSource implements Source {
  readonly title: string;
  readonly noPools = 'the cluster has no pools: kubectl apply a SpiderIPPool';
  readonly #options: ClusterSourceOptions;
  readonly #ledger: BlockLedger;

  constructor(options: ClusterSourceOptions) {
    this.title = options.title;
    this.#options = options;
    this.#ledger = openNodelessLedger({ api: options.api });
  }

  async pools(name?: string): Promise<Answer<PoolsShape>> {
    const { api, signal, progress } = this.#options;
    const { stored, reserved, catalog } = await readPools(api, signal);
    const problem = name === undefined ? undefined : stored.get(name)?.problem;
    if (problem !== undefined) throw new CtlError('CTL_REFUSED', `pool ${name} is not used: ${problem}`);
    const pools = catalog.pools.filter(({ pool }) => name === undefined || pool.name === name);
    if (pools.length === 0 && name !== undefined) {
      throw new CtlError('CTL_REFUSED', `${this.title} has no pool ${name}`);
    }
    progress(`reading the addresses of ${pools.length} pools`);
    const usages = await this.#wait(this.#ledger.usage(pools.map(({ range }) => range)));
    const conditions = storedConditions(stored);
    const value = poolsShape(pools, usages, {
      conditions: (poolName) => conditions.get(poolName) ?? [],
      problems: name === undefined ? storedProblems(stored, reserved) : [],
    });
    return { body: value, value };
  }

  async *allocations(filter: AllocationFilter): AsyncGenerator<AllocationPage> {
    const { api, signal } = this.#options;
    for await (const records of readAllocations(api, recordFilter(filter), signal)) {
      const values = records.map((record) => allocationShape(record));
      yield { bodies: values, values };
    }
  }

  async who(text: string): Promise<Answer<ClusterWhoShape>> {
    const { api, signal } = this.#options;
    const address = requireAddress(text);
    const [{ catalog, reserved }, [record], last] = await Promise.all([
      readPools(api, signal),
      this.#wait(this.#ledger.records({ address })),
      this.#wait(this.#ledger.lastHolder(address)),
    ]);
    const containing = catalog.pools.filter(({ pool }) => pool.addresses.contains(address));
    const { pods, notes } = await readPodsNow(api, (record ?? last?.last)?.holders ?? [], signal);
    const value: ClusterWhoShape = {
      ...whoShape(
        address,
        containing.map(({ pool }) => pool.name),
        record,
        last,
      ),
      cluster: {
        reservedBy: reserved
          .filter(({ resource }) => reservedAddresses([resource])[familyOf(address)].contains(address))
          .map(({ name }) => name),
        excludedBy: containing
          .filter(({ pool }) => pool.excluded.contains(address))
          .map(({ pool }) => pool.name),
        pods,
      },
    };
    return { body: value, value, notes };
  }

  explain(question: ExplainQuestion): Promise<Answer<ExplainShape>> {
    return explainOnCluster(this.#options, question);
  }

  async release(seen: WhoShape | ClusterWhoShape): Promise<Answer<ReleasedShape>> {
    const address = requireAddress(seen.address);
    const [record] = await this.#wait(this.#ledger.records({ address }));
    if (record === undefined || !structurallyEqual(allocationShape(record), seen.allocation)) {
      throw new CtlError(
        'CTL_REFUSED',
        `${seen.address} has another record by now: look again before you release it`,
      );
    }
    const [released] = await this.#wait(
      this.#ledger.release({ by: 'record', record, suspect: mayAnswer(seen) }),
      releaseMsMax,
    );
    if (released === undefined) {
      throw new CtlError('CTL_REFUSED', `${seen.address} changed at this moment: look again`);
    }
    const value: ReleasedShape = { released: allocationShape(released) };
    return { body: value, value };
  }

  async collect(): Promise<Collected> {
    const report = await requestCollection(this.#options);
    return { body: report, text: () => collectionText(report) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ledger[Symbol.asyncDispose]();
  }

  /** The ledger's own waits know no signal: its work is cut off when the session closes it. */
  async #wait<T>(work: Promise<T>, limitMs?: number): Promise<T> {
    const { signal } = this.#options;
    if (limitMs === undefined) return waitOrAbort(work, signal);
    const limit = AbortSignal.timeout(limitMs);
    try {
      return await waitOrAbort(work, AbortSignal.any([signal, limit]));
    } catch (error) {
      if (signal.aborted || !limit.aborted) throw error;
      const message = `the API server gave no answer within ${limitMs / 1_000} s: whether it was done is not known, look with "spiderpoolctl who"`;
      throw new CtlError('CTL_CLUSTER_AWAY', message, { cause: error });
    }
  }
}

/** What is not known to have ended may go on using the address, which is then given to others last. */
function mayAnswer(seen: WhoShape | ClusterWhoShape): boolean {
  if (!('cluster' in seen)) return true;
  return seen.cluster.pods.some(
    ({ state, nodeState }) =>
      nodeState !== 'out-of-service' &&
      (nodeState !== 'ready' || state === 'living' || state === 'ending' || state === 'unknown'),
  );
}

function recordFilter({ node, pod, ...rest }: AllocationFilter): RecordFilter {
  const { pool, sandbox, uid, nic, network } = rest;
  const [namespace = '', name = ''] = pod?.split('/') ?? [];
  return {
    ...(pool !== undefined && { pool }),
    ...(sandbox !== undefined && { sandbox }),
    ...(uid !== undefined && { uid }),
    ...(nic !== undefined && { nic }),
    ...(network !== undefined && { network }),
    ...(node !== undefined && node !== allNodes && { node }),
    ...(pod !== undefined && { pod: { namespace, name } }),
  };
}

function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined) throw new CtlError('CTL_USAGE', `${text} is not an IP address`);
  return address;
}
