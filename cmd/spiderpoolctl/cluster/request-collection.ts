import { randomUUID } from 'node:crypto';
import {
  collectionReportAnnotation,
  collectionRequestAnnotation,
  controllerLease,
} from '../../../src/api/names.ts';
import { pause } from '../../../src/async/pause.ts';
import { isNotFound } from '../../../src/cluster/kubernetes/read-object.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { type Lease, parseLease } from '../../../src/kube/lease.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import { type CollectionReport, collectionReportSchema } from '../../../src/wire/collection-report.ts';
import { CtlError } from '../ctl-error.ts';

/** The leader hears of a request within 2 s and reads the whole cluster anew; 100,000 records take it less than a minute. */
const answerMsMaxDefault = 120_000;

const pollMs = 250;

/** A leader renews its lease every 2 s, and loses it after so long (facts 7): one that is silent for longer does not lead. */
const silenceMsMax = 20_000;

/** What a request for a collection needs. */
export interface CollectionRequestOptions {
  readonly api: KubeApi;
  /** Of the controllers. */
  readonly namespace: string;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
  /** How long the answer is waited for, milliseconds. @default 120_000 */
  readonly answerMsMax?: number;
  /** How long the lease may stay as it is, milliseconds. @default 20_000 */
  readonly silenceMsMax?: number;
}

/**
 * Asks the leading controller for a garbage collection, by an annotation of its Lease, and waits for its report.
 *
 * @throws {CtlError} `CTL_REFUSED` when no controller has ever led here or the collection failed, `CTL_CLUSTER_AWAY` when nobody leads or
 * answers in time
 * @throws KubeError
 */
export async function requestCollection(options: CollectionRequestOptions): Promise<CollectionReport> {
  const { api, namespace, signal, progress } = options;
  const path = resourcePath(kubeResources.leases, { namespace, name: controllerLease });
  const where = `Lease ${namespace}/${controllerLease}`;
  const lease = await readLease(api, path, { where, signal });
  if (lease.holder === '') throw nobodyLeads(where, 'nobody holds it');
  const request = randomUUID();
  const asked = parseLease(
    await api.request({
      method: 'PATCH',
      path,
      body: { metadata: { annotations: { [collectionRequestAnnotation]: request } } },
      signal,
    }),
  );
  const startedMs = performance.now();
  let seen = { renewTime: asked.renewTime, sinceMs: startedMs };
  for (let current = asked; ; current = await readLease(api, path, { where, signal })) {
    // Somebody who asked later replaced this request: an answer to that one is of a later collection, and as good.
    const awaited = current.annotations[collectionRequestAnnotation] ?? request;
    const report = reportOf(current);
    if (report !== undefined && (report.request === request || report.request === awaited)) {
      if (report.error === undefined) return report;
      throw new CtlError(
        'CTL_REFUSED',
        `the collection failed: ${report.error}. The log of ${current.holder} tells more`,
      );
    }
    const nowMs = performance.now();
    if (current.renewTime !== seen.renewTime) seen = { renewTime: current.renewTime, sinceMs: nowMs };
    if (nowMs - seen.sinceMs > (options.silenceMsMax ?? silenceMsMax)) {
      throw nobodyLeads(where, `${current.holder} holds it and has not renewed it`);
    }
    if (nowMs - startedMs > (options.answerMsMax ?? answerMsMaxDefault)) {
      throw new CtlError(
        'CTL_CLUSTER_AWAY',
        `the controller ${current.holder} leads, but gave no answer in time; the collection may still come: its log tells`,
      );
    }
    progress(`${current.holder} collects, ${Math.round((nowMs - startedMs) / 1_000)} s`);
    await pause(pollMs, signal);
    signal.throwIfAborted();
  }
}

async function readLease(
  api: KubeApi,
  path: string,
  { where, signal }: { readonly where: string; readonly signal: AbortSignal },
): Promise<Lease> {
  try {
    return parseLease(await api.request({ method: 'GET', path, signal }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new CtlError(
      'CTL_REFUSED',
      `there is no ${where}: no controller has ever led there. Start spiderpool-controller, or name its namespace with --namespace`,
      { cause: error },
    );
  }
}

function reportOf({ annotations }: Lease): CollectionReport | undefined {
  try {
    return collectionReportSchema.safeParse(JSON.parse(annotations[collectionReportAnnotation] ?? '')).data;
  } catch {
    // Not JSON answers nothing.
    return undefined;
  }
}

function nobodyLeads(where: string, why: string): CtlError {
  return new CtlError(
    'CTL_CLUSTER_AWAY',
    `no controller leads (${where}: ${why}): look at the pods of spiderpool-controller`,
  );
}
