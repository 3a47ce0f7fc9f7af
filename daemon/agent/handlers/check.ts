import { resultDifferences } from '../../../src/cni/check-result.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import type { Handler } from '../http/message.ts';
import { parseAttachmentRequest } from './attachment-request.ts';
import { cniHandler } from './cni-reply.ts';
import type { HandlerContext } from './context.ts';

/** `POST /v1/cni/check` (CNI 1.1.0, section "CHECK"): the records of the attachment must be those of `prevResult`. */
export function checkHandler({ attachments, bootId, log }: HandlerContext): Handler {
  return cniHandler(
    'CHECK',
    async ({ body }) => {
      const { config, add } = parseAttachmentRequest('check', body, bootId);
      const { sandbox, nic } = add.attachment;
      const own = await attachments.standing(add.attachment);
      if (own.length === 0) {
        const message = `no address is recorded for container ${sandbox}, NIC ${nic}: delete the attachment and add it again`;
        throw new CniError(CniCode.checkFailed, message);
      }
      const differences = resultDifferences(config.prevResult, {
        nic,
        addresses: own.map(({ address }) => address),
      });
      if (differences.length > 0) {
        const message = `container ${sandbox}, NIC ${nic} is not as recorded: ${differences.join('; ')}`;
        throw new CniError(CniCode.checkFailed, message);
      }
      return undefined;
    },
    log,
  );
}
