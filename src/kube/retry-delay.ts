import type { KubeError, KubeRequest } from './kube-api.ts';

/** An API server that restarts refuses connections for a few seconds: soon again, but not in step with all other clients. */
const firstMs = 50;
const doublingsMax = 6;

/** Share of a wait that is left to chance, so that clients that were sent away together do not come back together. */
const spread = 0.5;

/**
 * How long to wait before a request is tried again; undefined when it may not be.
 *
 * @param failures how often it has failed before
 * @param random from 0 to 1
 */
export function retryDelayMs(
  error: KubeError,
  method: KubeRequest['method'],
  failures: number,
  random: number,
): number | undefined {
  const isUntouched = error.fate === 'not-sent' || error.status === 429;
  const isPassing = method === 'GET' && error.fate === 'unknown';
  if (!isUntouched && !isPassing) return undefined;
  const backOffMs = firstMs * 2 ** Math.min(failures, doublingsMax);
  if (error.retryAfterMs !== undefined) return error.retryAfterMs + backOffMs * random;
  return backOffMs * (1 - spread * random);
}
