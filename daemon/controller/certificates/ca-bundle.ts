import { EventEmitter } from 'node:events';
import { isObject } from '../../../src/api/decode.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { type KubeResource, kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { rest } from '../../process/rest.ts';
import { readCertificates } from './read-pem.ts';
import type { TrustSource } from './trust-source.ts';

/** How soon a bundle that somebody removed is back; until then the API server refuses what the webhooks should judge. */
const periodMsDefault = 30_000;

/** After a failure. */
const retryMsDefault = 2_000;

/** Replicas that write at once overtake one another; the winner has written what the others wanted. */
const triesMax = 5;

/** Authorities that are published at once where others' are kept; the newest come first. */
const authoritiesMax = 8;

const tryTimeoutMs = 5_000;

/** cert-manager's injector writes the bundle itself. */
const injectorAnnotation = 'cert-manager.io/inject-';

const resources: readonly KubeResource[] = [kubeResources.mutatingWebhooks, kubeResources.validatingWebhooks];

export interface CaBundleOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  /** Name of both webhook configurations. */
  readonly name: string;
  readonly source: TrustSource;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default 30_000 */
  readonly periodMs?: number;
  /** @default 2_000 */
  readonly retryMs?: number;
}

/**
 * Tells the API server with which authorities it checks the webhooks' certificate: keeps `clientConfig.caBundle` of every webhook of our two
 * configurations as the source says, whoever changes it. Configurations that do not exist are left at that.
 */
export class CaBundle {
  readonly #options: CaBundleOptions;
  readonly #changes = new EventEmitter<{ trust: [] }>();
  /** What was told of a configuration last, so that it is told once. */
  readonly #told = new Map<string, string>();

  constructor(options: CaBundleOptions) {
    this.#options = options;
    options.source.onTrust(() => this.#changes.emit('trust'));
  }

  /** Publishes until the signal is aborted, through every failure of the API server. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { periodMs = periodMsDefault, retryMs = retryMsDefault } = this.#options;
    while (!signal.aborted) {
      const waking = new AbortController();
      const wake = (): void => waking.abort();
      // From before the look on: what changes meanwhile is looked at once more.
      this.#changes.once('trust', wake);
      const isDone = await this.check(signal);
      await rest(isDone ? periodMs : retryMs, AbortSignal.any([signal, waking.signal]));
      this.#changes.off('trust', wake);
    }
  }

  /** Looks at both configurations once. Never rejects. @returns false when one could not be read or written */
  async check(signal: AbortSignal): Promise<boolean> {
    const { log, name } = this.#options;
    let isDone = true;
    for (const resource of resources) {
      const kind = resource.plural;
      try {
        const remark = await this.#publish(resource, signal);
        if (remark !== undefined && this.#told.get(kind) !== remark) log.warn({ kind, name }, remark);
        this.#told.set(kind, remark ?? '');
      } catch (error) {
        if (signal.aborted) return false;
        isDone = false;
        const text = 'the CA bundle of the webhooks could not be published';
        if (this.#told.get(kind) !== text) log.error({ err: error, kind, name }, text);
        this.#told.set(kind, text);
      }
    }
    return isDone;
  }

  /** @returns a remark for the log @throws KubeError, or the signal's reason */
  async #publish(resource: KubeResource, signal: AbortSignal): Promise<string | undefined> {
    const { log, name, source } = this.#options;
    const path = resourcePath(resource, { name });
    let overtaken: KubeError | undefined;
    for (let tries = 0; tries < triesMax; tries += 1) {
      const object = await this.#read(path, signal);
      if (object === undefined)
        return 'there is no such webhook configuration: nothing is checked on admission';
      if (isInjected(object)) return undefined;
      if (this.#operations(object).length === 0) return undefined;
      // What is read here may be old, and what stands there another replica's that knows better.
      await source.refresh(signal);
      const operations = this.#operations(object);
      if (operations.length === 0) return undefined;
      overtaken = await this.#patch(path, object, operations, signal);
      if (overtaken !== undefined) continue;
      log.info({ kind: resource.plural, name, webhooks: operations.length }, 'published the CA bundle');
      return undefined;
    }
    throw new Error(
      `${path} could not be changed in ${triesMax} tries: is somebody else writing its caBundle?`,
      { cause: overtaken },
    );
  }

  async #read(path: string, signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
    try {
      const answer = await this.#options.api.request({ method: 'GET', path, signal, tryTimeoutMs });
      return isObject(answer) ? answer : {};
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** What is to be changed in a configuration. */
  #operations({ webhooks }: Readonly<Record<string, unknown>>) {
    const { trust, isComplete } = this.#options.source;
    if (trust === undefined || !Array.isArray(webhooks)) return [];
    return webhooks.flatMap((webhook: unknown, index) => {
      const config = isObject(webhook) ? webhook['clientConfig'] : undefined;
      if (!isObject(config)) return [];
      const stored = config['caBundle'];
      const before = typeof stored === 'string' ? Buffer.from(stored, 'base64').toString() : '';
      const wanted = isComplete ? trust : this.#withOthers(trust, before);
      if (wanted === before) return [];
      const value = Buffer.from(wanted).toString('base64');
      return [{ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value }];
    });
  }

  /** The authorities, followed by others that are published and have not expired. */
  #withOthers(trust: string, before: string): string {
    const nowMs = (this.#options.now ?? Date.now)();
    const published = readCertificates(before);
    const ours = readCertificates(trust);
    const known = new Set(published.map(({ fingerprint256 }) => fingerprint256));
    if (ours.every(({ fingerprint256 }) => known.has(fingerprint256))) return before;
    const own = new Set(ours.map(({ fingerprint256 }) => fingerprint256));
    const others = published.filter(
      ({ fingerprint256, validToDate }) => !own.has(fingerprint256) && validToDate.getTime() > nowMs,
    );
    return [...ours, ...others]
      .slice(0, Math.max(authoritiesMax, ours.length))
      .map((each) => each.toString())
      .join('');
  }

  /** @returns the refusal when it was changed or deleted since it was read, or can't be as it should */
  async #patch(
    path: string,
    { metadata }: Readonly<Record<string, unknown>>,
    operations: readonly object[],
    signal: AbortSignal,
  ): Promise<KubeError | undefined> {
    const resourceVersion = isObject(metadata) ? metadata['resourceVersion'] : undefined;
    const body = [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...operations];
    try {
      const limits = { signal, tryTimeoutMs, retryForMs: 0 };
      await this.#options.api.request({ method: 'PATCH', patchType: 'json', path, body, ...limits });
      return undefined;
    } catch (error) {
      // A test that fails is "Invalid" (422) for the API server.
      if (error instanceof KubeError && [404, 409, 422].includes(error.status)) return error;
      throw error;
    }
  }
}

function isInjected({ metadata }: Readonly<Record<string, unknown>>): boolean {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) && Object.keys(annotations).some((key) => key.startsWith(injectorAnnotation));
}
