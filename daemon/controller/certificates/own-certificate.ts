import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { rest } from '../../process/rest.ts';
import type { CertificateProvider } from '../admission/serving-certificate.ts';
import type { ServerNames } from './certificate-maker.ts';
import { CertificateSecret } from './certificate-secret.ts';
import { judgeSet, renewSet } from './certificate-set.ts';
import { ServedCertificate } from './served-certificate.ts';
import type { TrustSource } from './trust-source.ts';

/** How often the Secret is read: what another replica has renewed is served for a third of its life before it must be known here. */
const pollMsDefault = 30_000;

/** After a failure: without a certificate the API server can't ask the webhooks. */
const retryMsDefault = 2_000;

/** Replicas that start at once overtake one another; each time one of them has written what the others need. */
const triesMax = 10;

export interface OwnCertificateOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  /** The controllers' namespace. */
  readonly namespace: string;
  /** Name of the Secret, in that namespace. */
  readonly secretName: string;
  /** Name of the Service by which the API server finds the webhooks. */
  readonly serviceName: string;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default 30_000 */
  readonly pollMs?: number;
  /** @default 2_000 */
  readonly retryMs?: number;
}

/**
 * The webhooks' certificate where nobody gives one: made by the first replica that finds none, signed by an authority of its own, shared
 * in a Secret, and renewed by whichever replica sees first that it is time. Every write is on condition of what was read, so the replicas
 * never have two. The authority signs for a third of its life after its successor was published, so that a change of either is noticed by
 * nobody. A clock that is wrong by months makes a certificate that the others replace.
 */
export class OwnCertificate extends ServedCertificate implements CertificateProvider, TrustSource {
  readonly isComplete = true;
  readonly #options: OwnCertificateOptions;
  readonly #secret: CertificateSecret;
  readonly #names: ServerNames;
  #hasFailed = false;

  constructor(options: OwnCertificateOptions) {
    super();
    const { api, namespace, secretName, serviceName } = options;
    this.#options = options;
    this.#secret = new CertificateSecret(api, { namespace, name: secretName });
    const service = `${serviceName}.${namespace}`;
    this.#names = {
      dns: [`${service}.svc`, service, `${service}.svc.cluster.local`, 'localhost'],
      ip: ['127.0.0.1', '::1'],
    };
  }

  /** Sees to the certificate until the signal is aborted, through every failure of the API server. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { log, pollMs = pollMsDefault, retryMs = retryMsDefault } = this.#options;
    while (!signal.aborted) {
      let waitMs = pollMs;
      try {
        await this.refresh(signal);
        this.#hasFailed = false;
      } catch (error) {
        if (signal.aborted) return;
        // It is tried again and again, and told once.
        if (!this.#hasFailed)
          log.error({ err: error }, "the webhooks' certificate could not be read or made");
        this.#hasFailed = true;
        waitMs = retryMs;
      }
      await rest(waitMs, signal);
    }
  }

  /** Reads the Secret, and makes or renews what is in it when it is time. @throws KubeError, or the signal's reason */
  async refresh(signal: AbortSignal): Promise<void> {
    const { log, now = Date.now } = this.#options;
    for (let tries = 0; tries < triesMax; tries += 1) {
      const stored = await this.#secret.read(signal);
      const nowMs = now();
      const judgement = judgeSet(stored.set, this.#names, nowMs);
      const { reason } = judgement;
      if (reason === undefined) {
        this.take(stored.set.server, judgement.bundle);
        return;
      }
      // What is to be renewed is good for long; whatever hinders the renewal, it is served meanwhile.
      if (judgement.server !== undefined) this.take(judgement.server, judgement.bundle);
      const set = await renewSet(stored.set, judgement, this.#names, nowMs);
      if (!(await this.#secret.write(stored, set, signal))) continue;
      log.info({ reason, secret: this.#options.secretName }, "made the webhooks' certificate");
      this.take(set.server, set.bundle);
      return;
    }
    throw new Error(
      `the Secret ${this.#options.secretName} changes all the time: is somebody else writing it?`,
    );
  }
}
