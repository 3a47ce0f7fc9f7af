import { composeResult } from '../../../src/cni/compose-result.ts';
import { formatAddress } from '../../../src/ip/address.ts';
import { nicConfiguration } from '../allocated-address.ts';
import type { Handler } from '../http/message.ts';
import { parseAttachmentRequest } from './attachment-request.ts';
import { cniHandler } from './cni-reply.ts';
import type { HandlerContext } from './context.ts';

/** `POST /v1/cni/add` (CNI 1.1.0, section "ADD"): the complete result for the NIC. */
export function addHandler(context: HandlerContext): Handler {
  const { attachments, bootId, log, metrics } = context;
  const verb = metrics.timed('allocation', async (body: unknown, signal: AbortSignal) => {
    const { config, add } = parseAttachmentRequest('add', body, bootId);
    const addresses = await attachments.add(add, signal);
    const { nic, sandbox, pod } = add.attachment;
    const texts = addresses.map(({ address }) => formatAddress(address));
    log.info({ nic, sandbox, pod, network: add.network, addresses: texts }, 'allocated');
    return composeResult(config.cniVersion, nicConfiguration(nic, addresses));
  });
  return cniHandler('ADD', ({ body, signal }) => verb(body, signal), log);
}
