import type { KubeApi } from '../../../src/kube/kube-api.ts';
import type { Logger } from '../../../src/log/logger.ts';
import { AddressesInUse } from './addresses-in-use.ts';
import type { AdmissionOptions } from './admission-options.ts';
import { kindRoutes, type ReviewHandler } from './admission-routes.ts';
import { AdmissionView } from './admission-view.ts';
import { PoolAdmission } from './pool-admission.ts';
import { ReservedIpAdmission } from './reserved-ip-admission.ts';
import type { CertificateProvider } from './serving-certificate.ts';
import { SubnetAdmission } from './subnet-admission.ts';
import { WebhookServer } from './webhook-server.ts';

export interface WebhooksOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly options: AdmissionOptions;
  readonly certificates: CertificateProvider;
  /** TCP port, on all interfaces. */
  readonly port: number;
}

/**
 * The admission webhooks of SpiderIPPools, SpiderSubnets and SpiderReservedIPs, on every replica. Two objects that are made at the same
 * moment do not see each other: both may pass, and what overlaps is found afterwards.
 */
export class Webhooks implements AsyncDisposable {
  readonly #view: AdmissionView;
  readonly #server: WebhookServer;

  /** Serves from now on, as soon as there is a certificate. Nothing is allowed before {@link run} has read what is there. */
  constructor({ api, log, options, certificates, port }: WebhooksOptions) {
    this.#view = new AdmissionView({ api, log });
    const inUse = new AddressesInUse(api, log);
    const routes = new Map<string, ReviewHandler>([
      ...kindRoutes(new PoolAdmission(options, this.#view, inUse), log),
      ...kindRoutes(new SubnetAdmission(options, this.#view, inUse), log),
      ...kindRoutes(new ReservedIpAdmission(options), log),
    ]);
    this.#server = new WebhookServer({ port, routes, certificates, log });
  }

  /** Follows the cluster until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#view.run(signal);
  }

  /** Why requests can't be answered now, in a sentence; undefined when they can. */
  get problem(): string | undefined {
    const { unread } = this.#view;
    return this.#server.problem ?? (unread.length > 0 ? `not read yet: ${unread.join(', ')}` : undefined);
  }

  /** Requests that came in so far, and those that wait for their answer. */
  get activity(): { readonly served: number; readonly underWay: number } {
    return this.#server.activity;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
