import { checkVerbVersion } from '../../../src/cni/check-verb-version.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { parseNetworkConfig } from '../../../src/cni/parse-config.ts';
import { parseRequestBody } from '../../../src/cni/parse-request-body.ts';
import type { Handler } from '../http/message.ts';
import { cniHandler } from './cni-reply.ts';
import type { HandlerContext } from './context.ts';

/**
 * `POST /v1/cni/status` (CNI 1.1.0, section "STATUS"). Code 50 only while the records are not loaded: runtimes take it
 * for the whole node's readiness, which one full pool must not end.
 */
export function statusHandler({ ledger, log, problems }: HandlerContext): Handler {
  return cniHandler(
    'STATUS',
    ({ body }) => {
      const config = parseNetworkConfig(parseRequestBody(body).config);
      checkVerbVersion('status', config.cniVersion);
      if (ledger.problem !== undefined) {
        const details = problems().join('; ');
        throw new CniError(CniCode.notAvailable, ledger.problem, { ...(details !== '' && { details }) });
      }
      return Promise.resolve(undefined);
    },
    log,
  );
}
