import { CniCode, CniError } from '../../src/cni/error.ts';
import { type DelRequest, parseDelRequest } from '../../src/cni/parse-del-request.ts';
import { parseLogSettings } from '../../src/cni/plugin-settings.ts';
import type { CniEnvironment, CniVerb } from '../../src/cni/request.ts';
import { quoteText, sanitizeText } from '../../src/cni/sanitize-text.ts';
import { writeLogLine } from './write-log.ts';
import { writeTombstone } from './write-tombstone.ts';

/** A call that the agent has not answered. */
export interface UnansweredCall {
  readonly verb: CniVerb;
  /** Null when stdin was not JSON. */
  readonly config: unknown;
  readonly env: CniEnvironment;
  readonly socketPath: string;
}

/** The error that tells what to look at: 50 for STATUS (CNI 1.1.0, section "STATUS"), else 11, try again later. */
export function agentAwayError(call: UnansweredCall, cause: string): CniError {
  const path = quoteText(call.socketPath);
  return new CniError(
    call.verb === 'status' ? CniCode.notAvailable : CniCode.tryAgainLater,
    `spiderpool-agent does not answer on ${path}: ${cause}; is spiderpool-agent running on this node?`,
    {
      details: `look at the agent's log, and ask it directly: curl --unix-socket ${path} http://localhost/v1/ipam/healthy`,
    },
  );
}

/**
 * Leaves a tombstone for a DEL that the agent didn't do. Never fails: DEL must not keep a pod from ending, and the
 * agent's sweep frees what no tombstone tells it.
 * @returns what kept it from being written, in words; undefined when all is well
 */
export async function leaveTombstone(call: UnansweredCall, nowMs: number): Promise<string | undefined> {
  const request = parseDelRequest({ config: call.config, env: call.env });
  if (request.attachment === undefined) {
    return `no tombstone, nothing to release: ${request.problems[0]?.message ?? ''}`;
  }
  const { attachment, pod, network, netns } = request;
  try {
    await writeTombstone(
      {
        ...attachment,
        ...pod,
        ...(network !== undefined && { network }),
        ...(netns !== undefined && { netns }),
        createdMs: nowMs,
      },
      process.env['SPIDERPOOL_STATE_DIR'] || undefined,
    );
    return undefined;
  } catch (error) {
    return `no tombstone: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/**
 * Writes down that the agent didn't answer.
 * @throws {CniError} code 7 when the configured file is refused
 */
export async function logUnanswered(call: UnansweredCall, message: string, nowMs: number): Promise<void> {
  const settings = parseLogSettings(call.config);
  if (settings.level === 'fatal' || settings.level === 'panic') return;
  const { attachment, pod, netns }: DelRequest = parseDelRequest({ config: call.config, env: call.env });
  const line = JSON.stringify({
    level: 'ERROR',
    ts: new Date(nowMs).toISOString(),
    logger: 'spiderpool',
    msg: sanitizeText(message),
    Action: call.verb.toUpperCase(),
    ContainerID: attachment?.containerId,
    Netns: netns,
    IfName: attachment?.ifName,
    PodName: pod.podName,
    PodNamespace: pod.podNamespace,
    PodUID: pod.podUid,
  });
  await writeLogLine(`${line}\n`, settings, nowMs);
}
