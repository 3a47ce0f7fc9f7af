import { checkVerbVersion } from '../../../src/cni/check-verb-version.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { parseNetworkConfig } from '../../../src/cni/parse-config.ts';
import { checkRequiredVariables } from '../../../src/cni/parse-environment.ts';
import { parseRequestBody } from '../../../src/cni/parse-request-body.ts';
import type { Handler } from '../http/message.ts';
import { cniHandler } from './cni-reply.ts';
import type { HandlerContext } from './context.ts';

/** `POST /v1/cni/gc` (CNI 1.1.0, section "GC"): frees this node's records of the network whose attachment is not listed. */
export function gcHandler({ garbageCollection, log }: HandlerContext): Handler {
  return cniHandler(
    'GC',
    async ({ body, signal }) => {
      const request = parseRequestBody(body);
      const config = parseNetworkConfig(request.config);
      checkVerbVersion('gc', config.cniVersion);
      checkRequiredVariables('gc', request.env);
      if (config.validAttachments === undefined) {
        const message =
          'cni.dev/valid-attachments is missing: GC without the list of valid attachments would free every address of the network';
        throw new CniError(CniCode.invalidConfig, message);
      }
      const freed = await garbageCollection.collect(config.name, config.validAttachments, signal);
      log.info({ network: config.name, valid: config.validAttachments.length, freed }, 'collected garbage');
      return undefined;
    },
    log,
  );
}
