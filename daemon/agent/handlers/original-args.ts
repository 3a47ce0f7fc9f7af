import * as z from 'zod';
import type { PodReference } from '../../../src/cluster/cluster.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { parseContainerId, parseIfName, parseNetns } from '../../../src/cni/parse-environment.ts';
import { storedTextMax, storedTextProblem } from '../../../src/cni/stored-text.ts';

/** Pools a list names at most: as in the CNI config. */
const poolsMax = 64;

const text = (charactersMax: number) =>
  z.string().superRefine((value, context) => {
    const problem = storedTextProblem(value, charactersMax);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
  });

const podKeys = {
  podNamespace: text(storedTextMax.podNamespace),
  podName: text(storedTextMax.podName),
  podUID: text(storedTextMax.podUid),
};
const poolList = z.array(text(storedTextMax.poolName)).max(poolsMax).nullish();

/** IpamAddArgs of the original's API. */
const addSchema = z.object({
  ...podKeys,
  containerID: text(storedTextMax.containerId),
  ifName: text(storedTextMax.ifName),
  netNamespace: text(storedTextMax.netns),
  defaultIPv4IPPool: poolList,
  defaultIPv6IPPool: poolList,
  cleanGateway: z.boolean().optional(),
  matchMasterSubnet: z.boolean().optional(),
});

/** IpamDelArgs of the original's API. */
const delSchema = z.object({
  ...podKeys,
  containerID: text(storedTextMax.containerId),
  ifName: text(storedTextMax.ifName),
  netNamespace: text(storedTextMax.netns).optional(),
});

/** IpamBatchDelArgs of the original's API. */
const batchDelSchema = z.object({
  ...podKeys,
  containerID: text(storedTextMax.containerId),
  netNamespace: text(storedTextMax.netns).optional(),
  isReleaseConflictIPs: z.boolean().optional(),
});

export type OriginalAddArgs = z.infer<typeof addSchema>;
export type OriginalDelArgs = z.infer<typeof delSchema>;
export type OriginalBatchDelArgs = z.infer<typeof batchDelSchema>;

/** A body that breaks the original's schema; its framework answers 422 with code 602 or so. */
export class OriginalSchemaError extends Error {
  override readonly name = 'OriginalSchemaError';
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalAddArgs(body: unknown): OriginalAddArgs {
  const args = parse(addSchema, body);
  parseContainerId(args.containerID);
  parseIfName(args.ifName);
  parseNetns(args.netNamespace);
  return args;
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalDelArgs(body: unknown): OriginalDelArgs {
  const args = parse(delSchema, body);
  parseContainerId(args.containerID);
  parseIfName(args.ifName);
  return args;
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalBatchDelArgs(body: unknown): OriginalBatchDelArgs {
  const args = parse(batchDelSchema, body);
  parseContainerId(args.containerID);
  return args;
}

/** The pod of a request; the original sends empty texts where the runtime told nothing. */
export function podOf(args: Pick<OriginalDelArgs, 'podNamespace' | 'podName' | 'podUID'>): PodReference {
  return {
    ...(args.podNamespace !== '' && { namespace: args.podNamespace }),
    ...(args.podName !== '' && { name: args.podName }),
    ...(args.podUID !== '' && { uid: args.podUID }),
  };
}

function parse<S extends z.ZodObject>(schema: S, body: unknown): z.infer<S> {
  const parsed = schema.safeParse(withSchemaKeys(body, Object.keys(schema.shape)));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new OriginalSchemaError(
    `${issue?.path.join('.') || 'body'} in body ${issue?.message ?? 'is invalid'}`,
    {
      cause: parsed.error,
    },
  );
}

/** Keys in any case are accepted, as the original's decoder does. */
function withSchemaKeys(body: unknown, keys: readonly string[]): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const known = new Map(keys.map((key) => [key.toLowerCase(), key]));
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => [known.get(key.toLowerCase()) ?? key, value]),
  );
}

/** The plain text of a refusal, as the original's API carries it. */
export function refusalText(error: unknown): string {
  if (error instanceof CniError && error.code === CniCode.tryAgainLater)
    return `${error.message} (try again later)`;
  return error instanceof Error ? error.message : String(error);
}
