import { isObject } from '../../../src/api/decode.ts';
import { poolFinalizer } from '../../../src/api/names.ts';
import { apiVersion } from '../../../src/api/resources.ts';
import { type KubeApi, KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { type Attempt, persist, type Report } from '../persist.ts';

/** An API server hears of new webhooks within a second; where none is asked for longer there are none. */
const unaskedMsMax = 5_000;

/** Longer than the two webhooks that an API server gives 10 s each. */
export const tryTimeoutMs = 30_000;

export interface InstallWaiting {
  readonly api: KubeApi;
  readonly timeoutMs: number;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Where the reason of a wait in vain is found. */
export const controllerAdvice =
  'Look at the controller (kubectl get pods -l app.kubernetes.io/component=spiderpool-controller -A, and its log), then run this again';

/** The documentation's network (RFC 5737). Never stored. */
const probe = {
  apiVersion,
  kind: 'SpiderIPPool',
  metadata: { name: 'spiderpool-init-probe' },
  spec: { subnet: '192.0.2.0/24', ips: ['192.0.2.1'], disable: true },
};

/**
 * Waits until the webhooks judge pools, so that whoever makes one next is not refused because nobody answers. Asks with a pool that is not
 * stored; a refusal of it is an answer too.
 *
 * @returns false when no webhook is asked at all
 * @throws CommandFailedError, or KubeError when the API server refuses for good
 */
export async function awaitWebhooks({ api, ...waiting }: InstallWaiting): Promise<boolean> {
  let unaskedSinceMs: number | undefined;
  const options = { ...waiting, what: 'waiting for the webhooks', advice: controllerAdvice };
  return persist(options, async (signal): Promise<Attempt<boolean>> => {
    const isAsked = await isJudged(api, signal);
    if (isAsked === undefined) return { waitsFor: 'the API server does not know SpiderIPPools yet' };
    if (isAsked) return { done: true };
    unaskedSinceMs ??= performance.now();
    if (performance.now() - unaskedSinceMs > unaskedMsMax) return { done: false };
    return { waitsFor: 'the API server asks no webhook about pools yet' };
  });
}

/** @returns undefined without the CRD */
async function isJudged(api: KubeApi, signal: AbortSignal): Promise<boolean | undefined> {
  try {
    const path = resourcePath(kubeResources.pools);
    const query = { dryRun: 'All' };
    const limits = { signal, tryTimeoutMs, retryForMs: 0 };
    const answer = await api.request({ method: 'POST', path, query, body: probe, ...limits });
    const metadata = isObject(answer) ? answer['metadata'] : undefined;
    const finalizers = isObject(metadata) ? metadata['finalizers'] : undefined;
    return Array.isArray(finalizers) && finalizers.includes(poolFinalizer);
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (error.status === 404) return undefined;
    if (error.status === 422 || (error.status === 409 && error.reason === 'AlreadyExists')) return true;
    throw error;
  }
}
