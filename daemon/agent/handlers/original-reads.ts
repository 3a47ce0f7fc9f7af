import type { Cluster } from '../../../src/cluster/cluster.ts';
import { staticKinds } from '../../../src/cluster/kubernetes/static-owner.ts';
import { CniError } from '../../../src/cni/error.ts';
import type { Route } from '../../../src/cni/result.ts';
import { sanitizeText } from '../../../src/cni/sanitize-text.ts';
import { compareNics } from '../../../src/endpoints/compare-nics.ts';
import { familyOf, formatAddress } from '../../../src/ip/address.ts';
import { customRoutesOf } from '../../../src/ipam/custom-routes-of.ts';
import type { PoolCatalog } from '../../../src/ipam/pool.ts';
import { allRecords } from '../../../src/ledger/all-records.ts';
import type { AllocationRecord, Holder, PodName } from '../../../src/ledger/record.ts';
import { describeAddresses } from '../allocated-address.ts';
import type { CoordinatorConfig } from '../coordinator-config.ts';
import type { Handler } from '../http/message.ts';
import { jsonReply } from '../http/server.ts';
import type { LedgerSlot } from '../ledger-slot.ts';
import { OriginalSchemaError, parseCoordinatorArgs, refusalText } from './original-args.ts';
import { originalRoutes } from './original-routes.ts';
import { toReplyError } from './reply-error.ts';

/** `GET /v1/ipam/healthy`: 200 while the agent serves; the original's plugin asks before each call. */
export function healthyHandler(): Handler {
  return () => Promise.resolve({ status: 200 });
}

/**
 * `GET /v1/coordinator/config`: only a cluster with an installation of the original has one.
 *
 * @param coordinator undefined without a cluster
 */
export function coordinatorHandler(coordinator?: CoordinatorConfig): Handler {
  const none =
    'there is no SpiderCoordinator: the coordinator plugin needs a cluster, this agent runs on one host without';
  return async ({ body, signal }) => {
    if (coordinator === undefined) return jsonReply(500, none);
    try {
      const { podNamespace = '', podName = '' } = parseCoordinatorArgs(body);
      const isNamed = podNamespace !== '' && podName !== '';
      const pod = isNamed ? { namespace: podNamespace, name: podName } : undefined;
      return jsonReply(200, await coordinator.of(pod, signal));
    } catch (error) {
      if (!(error instanceof OriginalSchemaError)) return jsonReply(500, sanitizeText(refusalText(error)));
      return jsonReply(422, { code: 602, message: sanitizeText(error.message) });
    }
  };
}

/**
 * `GET /v1/workloadendpoint`: the addresses of a pod in the original's shape, told from this node's records. As in the original, a
 * KubeVirt machine that keeps its addresses is asked for by the machine's name; by its pod's it is found, too. The routes are those of a
 * SpiderEndpoint: the pools' and the pod's own, and never the default route through a pool's gateway.
 */
export function workloadEndpointHandler({
  cluster,
  ledger,
}: {
  readonly cluster: Pick<Cluster, 'catalog' | 'facts' | 'ownRecords'>;
  readonly ledger: LedgerSlot;
}): Handler {
  return async ({ query, signal }) => {
    const [namespace, name] = [query.get('podNamespace'), query.get('podName')];
    if (!namespace || !name) {
      return jsonReply(422, { code: 602, message: 'podNamespace and podName in query are required' });
    }
    try {
      const own = cluster.ownRecords;
      const ofPod = await allRecords(ledger.ledger, { ...own, pod: { namespace, name } });
      const owner = { kind: staticKinds.virtualMachineInstance, namespace, name };
      const records = ofPod.length > 0 ? ofPod : await allRecords(ledger.ledger, { ...own, owner });
      const holder = holderOf(records, { namespace, name });
      if (holder === undefined) return jsonReply(404, `no address is recorded for pod ${namespace}/${name}`);
      const held = records.filter(({ holders }) => holders.some(({ uid }) => uid === holder.uid));
      const routes = await routesOfPod(cluster, holder.pod, signal);
      return jsonReply(200, {
        podNamespace: namespace,
        podName: name,
        podUID: holder.uid,
        node: holder.node,
        interfaces: interfacesOf(held, cluster.catalog(), routes),
      });
    } catch (error) {
      return jsonReply(500, refusalText(toReplyError(error)));
    }
  };
}

/** The newest holder of the newest record: of this pod where it is one, since a migrating machine has two, else of its machine. */
function holderOf(records: readonly AllocationRecord[], { namespace, name }: PodName): Holder | undefined {
  const newest = records.toSorted((a, b) => a.sinceMs - b.sinceMs).at(-1)?.holders;
  return newest?.findLast(({ pod }) => pod.namespace === namespace && pod.name === name) ?? newest?.at(-1);
}

/** The routes of the pod's annotation; none when it can't be read, since the addresses are what is asked for. */
async function routesOfPod(
  cluster: Pick<Cluster, 'facts'>,
  pod: PodName,
  signal: AbortSignal,
): Promise<readonly Route[]> {
  try {
    return customRoutesOf(await cluster.facts(pod, { signal }));
  } catch (error) {
    if (error instanceof CniError) return [];
    throw error;
  }
}

function interfacesOf(
  records: readonly AllocationRecord[],
  catalog: PoolCatalog,
  customRoutes: readonly Route[],
): object[] {
  const sorted = records.toSorted(
    (a, b) => compareNics(a.nic, b.nic) || familyOf(a.address) - familyOf(b.address),
  );
  const { addresses } = describeAddresses(sorted, { catalog, cleanGateway: () => true, customRoutes });
  return Array.from(
    Map.groupBy(addresses, ({ nic }) => nic),
    ([nic, own]) => {
      const families = own.map(({ family, address, prefixLength, pool, gateway }) => ({
        [`ipv${family}`]: `${formatAddress(address)}/${prefixLength}`,
        [`ipv${family}Pool`]: pool,
        ...(gateway !== undefined && { [`ipv${family}Gateway`]: formatAddress(gateway) }),
      }));
      return Object.assign({ interface: nic, routes: originalRoutes(own) }, ...families) as object;
    },
  );
}
