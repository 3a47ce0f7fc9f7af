import { CniCode, CniError } from './error.ts';
import { FieldReader, isJsonObject } from './field-reader.ts';
import type { Attachment } from './network-config.ts';
import { type CniArgs, parseCniArgsLeniently } from './parse-args.ts';
import { parseNetworkName } from './parse-config.ts';
import { parseContainerId, parseIfName, parseNetns } from './parse-environment.ts';
import { parseRequestBody } from './parse-request-body.ts';
import type { CniRequestBody } from './request.ts';
import { type CniVersion, parseCniVersion } from './version.ts';

/** What could be identified of a DEL. */
export interface DelRequest {
  /** What to release; undefined when the container id or the interface is not known, and then nothing can be. */
  readonly attachment: Attachment | undefined;
  readonly pod: Pick<CniArgs, 'podNamespace' | 'podName' | 'podUid'>;
  readonly network: string | undefined;
  readonly netns: string | undefined;
  readonly cniVersion: CniVersion | undefined;
  /** What was wrong with the rest, for the log. */
  readonly problems: readonly CniError[];
}

/**
 * Reads a DEL. It never throws, because DEL succeeds whatever the configuration looks like: what can be released is.
 * Only the container id and the interface decide what that is, so an invalid one is never guessed at.
 */
export function parseDelRequest(body: unknown): DelRequest {
  const problems: CniError[] = [];
  const attempt = <Value>(parse: () => Value): Value | undefined => {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof CniError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const request: CniRequestBody = attempt(() => parseRequestBody(body)) ?? { config: null, env: {} };
  const { config, env } = request;
  const containerId = attempt(() => parseContainerId(env.CNI_CONTAINERID ?? ''));
  const ifName = attempt(() => parseIfName(env.CNI_IFNAME ?? ''));
  const netns = attempt(() => parseNetns(env.CNI_NETNS ?? ''));
  const { args, problems: argProblems } = parseCniArgsLeniently(env.CNI_ARGS ?? '');
  problems.push(...argProblems);
  const root = isJsonObject(config) ? new FieldReader(config, '') : undefined;
  if (root === undefined) {
    problems.push(new CniError(CniCode.decodingFailure, 'the network config on stdin was not a JSON object'));
  }
  const { podNamespace, podName, podUid } = args;
  return {
    attachment: containerId === undefined || ifName === undefined ? undefined : { containerId, ifName },
    pod: {
      ...(podNamespace !== undefined && { podNamespace }),
      ...(podName !== undefined && { podName }),
      ...(podUid !== undefined && { podUid }),
    },
    network: root && attempt(() => parseNetworkName(root)),
    netns,
    cniVersion: root && attempt(() => parseCniVersion(root.string('cniVersion'))),
    problems,
  };
}
