import { formatAddress } from '../../../src/ip/address.ts';
import type { PoolCatalog } from '../../../src/ipam/pool.ts';
import { allRecords } from '../../../src/ledger/all-records.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import { describeAddress } from '../allocated-address.ts';
import type { Handler } from '../http/message.ts';
import { jsonReply } from '../http/server.ts';
import type { HandlerContext } from './context.ts';
import { refusalText } from './original-args.ts';
import { originalRoutes } from './original-routes.ts';
import { toReplyError } from './reply-error.ts';

/** `GET /v1/ipam/healthy`: 200 while the agent serves; the original's plugin asks before each call. */
export function healthyHandler(): Handler {
  return () => Promise.resolve({ status: 200 });
}

/** `GET /v1/coordinator/config`: only an installation of the original on a cluster has one. */
export function coordinatorHandler(): Handler {
  const text =
    'there is no SpiderCoordinator: the coordinator plugin needs a cluster, this agent runs on one host without';
  return () => Promise.resolve(jsonReply(500, text));
}

/** `GET /v1/workloadendpoint`: the addresses of a pod in the original's shape, told from the ledger. */
export function workloadEndpointHandler({ cluster, ledger }: HandlerContext): Handler {
  return async ({ query }) => {
    const [namespace, name] = [query.get('podNamespace'), query.get('podName')];
    if (!namespace || !name) {
      return jsonReply(422, { code: 602, message: 'podNamespace and podName in query are required' });
    }
    try {
      const records = await allRecords(ledger.ledger, { pod: { namespace, name } });
      const holder = records.at(-1)?.holders.at(-1);
      if (holder === undefined) return jsonReply(404, `no address is recorded for pod ${namespace}/${name}`);
      const own = records.filter(({ holders }) => holders.some(({ uid }) => uid === holder.uid));
      return jsonReply(200, {
        podNamespace: namespace,
        podName: name,
        podUID: holder.uid,
        node: holder.node,
        interfaces: interfacesOf(own, cluster.catalog()),
      });
    } catch (error) {
      return jsonReply(500, refusalText(toReplyError(error)));
    }
  };
}

function interfacesOf(records: readonly AllocationRecord[], catalog: PoolCatalog): object[] {
  const byNic = Map.groupBy(records, ({ nic }) => nic);
  return [...byNic].map(([nic, own]) => {
    const addresses = own.map((record) => describeAddress(record, catalog, false));
    const families = addresses.map(({ family, address, prefixLength, pool, gateway }) => ({
      [`ipv${family}`]: `${formatAddress(address)}/${prefixLength}`,
      [`ipv${family}Pool`]: pool,
      ...(gateway !== undefined && { [`ipv${family}Gateway`]: formatAddress(gateway) }),
    }));
    return Object.assign({ interface: nic, routes: originalRoutes(addresses) }, ...families) as object;
  });
}
