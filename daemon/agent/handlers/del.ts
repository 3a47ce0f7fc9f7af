import { parseDelRequest } from '../../../src/cni/parse-del-request.ts';
import type { Handler } from '../http/message.ts';
import { podReference } from './attachment-request.ts';
import { cniHandler } from './cni-reply.ts';
import type { HandlerContext } from './context.ts';

/**
 * `POST /v1/cni/del` (CNI 1.1.0, section "DEL"). It always succeeds: whatever can be identified is released, at once
 * or from a tombstone; what can't be is the sweep's.
 */
export function delHandler({ releases, log, metrics }: HandlerContext): Handler {
  const release = metrics.timed('release', releases.del.bind(releases));
  return cniHandler(
    'DEL',
    async ({ body }) => {
      const { attachment, pod, network, problems } = parseDelRequest(body);
      for (const problem of problems)
        log.warn({ code: problem.code, reason: problem.message }, 'DEL is malformed');
      if (attachment === undefined) return undefined;
      const { containerId: sandbox, ifName: nic } = attachment;
      const freed = await release({ sandbox, nic, pod: podReference(pod) });
      if (freed !== 'later') log.info({ nic, sandbox, pod: podReference(pod), network, freed }, 'released');
      return undefined;
    },
    log,
  );
}
