import type * as z from 'zod';
import type { PodReference } from '../../../src/cluster/cluster.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { parseContainerId, parseIfName, parseNetns } from '../../../src/cni/parse-environment.ts';
import { storedTextMax, storedTextProblem } from '../../../src/cni/stored-text.ts';
import {
  getCoordinatorArgsSchema,
  ipamAddArgsSchema,
  ipamBatchDelArgsSchema,
  ipamDelArgsSchema,
} from '../../../src/wire/original-shapes.ts';

/** Longest texts by key; a key that is not here is no text. */
const lengthMax: Readonly<Record<string, number>> = {
  podNamespace: storedTextMax.podNamespace,
  podName: storedTextMax.podName,
  podUID: storedTextMax.podUid,
  containerID: storedTextMax.containerId,
  ifName: storedTextMax.ifName,
  netNamespace: storedTextMax.netns,
  defaultIPv4IPPool: storedTextMax.poolName,
  defaultIPv6IPPool: storedTextMax.poolName,
};

/** Body of `POST /v1/ipam/ip`. */
export type OriginalAddArgs = z.infer<typeof ipamAddArgsSchema>;
/** Body of `DELETE /v1/ipam/ip`. */
export type OriginalDelArgs = z.infer<typeof ipamDelArgsSchema>;
/** Body of `DELETE /v1/ipam/ips`. */
export type OriginalBatchDelArgs = z.infer<typeof ipamBatchDelArgsSchema>;
/** Body of `GET /v1/coordinator/config`. */
export type OriginalCoordinatorArgs = z.infer<typeof getCoordinatorArgsSchema>;

/** A body that breaks the original's schema; its framework answers 422 with code 602 or so. */
export class OriginalSchemaError extends Error {
  override readonly name = 'OriginalSchemaError';
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalAddArgs(body: unknown): OriginalAddArgs {
  const args = parse(ipamAddArgsSchema, body);
  parseContainerId(args.containerID);
  parseIfName(args.ifName);
  parseNetns(args.netNamespace);
  return args;
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalDelArgs(body: unknown): OriginalDelArgs {
  const args = parse(ipamDelArgsSchema, body);
  parseContainerId(args.containerID);
  parseIfName(args.ifName);
  return args;
}

/** @throws OriginalSchemaError, or CniError for values that the CNI specification forbids */
export function parseOriginalBatchDelArgs(body: unknown): OriginalBatchDelArgs {
  const args = parse(ipamBatchDelArgsSchema, body);
  parseContainerId(args.containerID);
  return args;
}

/**
 * Body of `GET /v1/coordinator/config`, which may be missing.
 *
 * @throws OriginalSchemaError
 */
export function parseCoordinatorArgs(body: unknown): OriginalCoordinatorArgs {
  return parse(getCoordinatorArgsSchema, body ?? {});
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
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OriginalSchemaError(
      `${issue?.path.join('.') || 'body'} in body ${issue?.message ?? 'is invalid'}`,
      { cause: parsed.error },
    );
  }
  for (const [key, value] of Object.entries(parsed.data)) refuseBadTexts(key, value);
  return parsed.data;
}

/** Texts that are stored or passed on must be printable and short, which the original does not ask for. */
function refuseBadTexts(key: string, value: unknown): void {
  for (const text of Array.isArray(value) ? value : [value]) {
    if (typeof text !== 'string') continue;
    const problem = storedTextProblem(text, lengthMax[key] ?? 0);
    if (problem !== undefined) throw new OriginalSchemaError(`${key} in body ${problem}`);
  }
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
