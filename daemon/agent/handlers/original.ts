import { sanitizeText } from '../../../src/cni/sanitize-text.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import type { AllocatedAddress } from '../allocated-address.ts';
import type { AddRequest } from '../attachment.ts';
import type { AgentRequest, Handler, Reply } from '../http/message.ts';
import { jsonReply } from '../http/server.ts';
import { observeNamespace } from '../netns.ts';
import type { HandlerContext } from './context.ts';
import {
  OriginalSchemaError,
  parseOriginalAddArgs,
  parseOriginalBatchDelArgs,
  parseOriginalDelArgs,
  podOf,
  refusalText,
} from './original-args.ts';
import { originalRoutes } from './original-routes.ts';
import { toReplyError } from './reply-error.ts';

/** Code of a schema violation in the original's framework. */
const schemaViolation = 602;

/** Statuses of the original: addresses with a conflict may not be released, of any pod or of a static workload's. */
const releaseForbidden = { stateless: 521, stateful: 522 } as const;

/**
 * The routes of the original's API below `/v1/ipam` (its plugin calls them): the same steps as for our own plugin,
 * with other arguments and another answer. Refusals are a bare JSON string with status 500.
 */
export function originalHandlers(context: HandlerContext): {
  readonly add: Handler;
  readonly del: Handler;
  readonly batchAdd: Handler;
  readonly batchDel: Handler;
} {
  const { attachments, bootId, log, metrics, releases } = context;
  const allocate = metrics.timed('allocation', async (body: unknown, signal: AbortSignal) => {
    const add = addRequest(body, bootId);
    const addresses = await attachments.add(add, signal);
    const { nic, sandbox, pod } = add.attachment;
    log.info(
      { nic, sandbox, pod, addresses: addresses.map(({ address }) => formatAddress(address)) },
      'allocated',
    );
    return addResponse(addresses);
  });
  const release = metrics.timed('release', async (body: unknown) => {
    const args = parseOriginalDelArgs(body);
    const freed = await releases.del({ sandbox: args.containerID, nic: args.ifName, pod: podOf(args) });
    if (freed !== 'later') log.info({ nic: args.ifName, sandbox: args.containerID, freed }, 'released');
  });
  const releaseAll = metrics.timed('release', async (body: unknown): Promise<Reply> => {
    const args = parseOriginalBatchDelArgs(body);
    const { containerID: sandbox } = args;
    if (args.isReleaseConflictIPs === true) {
      const refusal = await conflictRefusal(sandbox, context);
      if (refusal !== undefined) return refusal;
    }
    const revoked = await releases.revoke({ sandbox, pod: podOf(args) });
    log.info({ sandbox, addresses: revoked.map(({ address }) => formatAddress(address)) }, 'revoked');
    return { status: 200 };
  });
  return {
    add: answering(async ({ body, signal }) => jsonReply(200, await allocate(body, signal))),
    del: answering(async ({ body }) => {
      await release(body);
      return { status: 200 };
    }),
    // A stub in the original too; its plugin never calls it.
    batchAdd: () => Promise.resolve({ status: 200 }),
    batchDel: answering(({ body }) => releaseAll(body)),
  };

  function answering(answer: (request: AgentRequest) => Promise<Reply>): Handler {
    return async (request) => {
      try {
        return await answer(request);
      } catch (thrown) {
        if (thrown instanceof OriginalSchemaError) {
          return jsonReply(422, { code: schemaViolation, message: sanitizeText(thrown.message) });
        }
        const text = sanitizeText(refusalText(toReplyError(thrown)));
        log.warn({ path: request.path, reason: text }, 'refused');
        return jsonReply(500, text);
      }
    };
  }
}

/** Why addresses with a conflict stay; undefined when they may go. */
async function conflictRefusal(
  sandbox: string,
  { releases, releasesConflicts }: HandlerContext,
): Promise<Reply | undefined> {
  if (!releasesConflicts) {
    const text =
      'SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS is false: addresses with a conflict stay with their pods';
    return jsonReply(releaseForbidden.stateless, text);
  }
  const records = await releases.ofSandbox(sandbox);
  if (records.every(({ owner }) => owner === undefined)) return undefined;
  return jsonReply(releaseForbidden.stateful, 'the addresses of a static workload stay with it');
}

function addRequest(body: unknown, bootId: string | undefined): AddRequest {
  const args = parseOriginalAddArgs(body);
  return {
    attachment: { sandbox: args.containerID, nic: args.ifName, pod: podOf(args) },
    // The original's plugin does not tell the network's name.
    network: '',
    netns: observeNamespace(args.netNamespace, bootId),
    nicRequest: {
      nic: args.ifName,
      configPools: { 4: args.defaultIPv4IPPool ?? [], 6: args.defaultIPv6IPPool ?? [] },
      cleanGateway: args.cleanGateway ?? false,
      matchMasterSubnet: args.matchMasterSubnet ?? false,
      requestedAddresses: [],
    },
  };
}

/** IpamAddResponse of the original's API. */
function addResponse(addresses: readonly AllocatedAddress[]): object {
  return {
    ips: addresses.map(({ address, family, gateway, nic, pool, prefixLength }) => ({
      version: family,
      address: `${formatAddress(address)}/${prefixLength}`,
      nic,
      ipPool: pool,
      ...(gateway !== undefined && { gateway: formatAddress(gateway) }),
    })),
    routes: originalRoutes(addresses),
  };
}
