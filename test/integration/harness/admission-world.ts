import type { AdmissionOptions } from '../../../daemon/controller/admission/admission-options.ts';
import type {
  CertificateProvider,
  ServingCertificate,
} from '../../../daemon/controller/admission/serving-certificate.ts';
import { Webhooks } from '../../../daemon/controller/admission/webhooks.ts';
import {
  makeAuthority,
  makeServerCertificate,
} from '../../../daemon/controller/certificates/certificate-maker.ts';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { writeTestConfig } from '../../../src/kube/testing/test-config.ts';
import { createLogger } from '../../../src/log/logger.ts';
import type { AdminResponse } from '../../support/admin-client.ts';
import { type ControlPlane, startControlPlane } from '../../support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../support/fault-proxy.ts';
import { freePort } from '../../support/free-port.ts';
import { until } from './until.ts';

export const pools = '/apis/spiderpool.spidernet.io/v2beta1/spiderippools';
export const subnets = '/apis/spiderpool.spidernet.io/v2beta1/spidersubnets';
export const reservedIps = '/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips';

const configurationName = 'spiderpool-controller';
const configurations = '/apis/admissionregistration.k8s.io/v1';
const configurationPaths = [
  `${configurations}/mutatingwebhookconfigurations`,
  `${configurations}/validatingwebhookconfigurations`,
];
const kinds = ['SpiderIPPool', 'SpiderSubnet', 'SpiderReservedIP'] as const;
const log = createLogger('admission-test', 'error');

/** A certificate that the test gives and changes. */
export class GivenCertificate implements CertificateProvider {
  current: ServingCertificate | undefined;
  readonly #listeners: ((certificate: ServingCertificate) => void)[] = [];

  onChange(listener: (certificate: ServingCertificate) => void): void {
    this.#listeners.push(listener);
  }

  give(certificate: ServingCertificate): void {
    this.current = certificate;
    for (const listener of this.#listeners) listener(certificate);
  }
}

/** A real API server that asks real webhooks, which run in this process and can be stopped and started again. */
export class AdmissionWorld implements AsyncDisposable {
  readonly plane: ControlPlane;
  /** Between the webhooks and the API server. */
  readonly proxy: FaultProxy;
  /** Of the webhooks. */
  readonly api: KubeApi;
  readonly port: number;
  readonly certificate = new GivenCertificate();
  /** PEM certificate of the authority that the API server trusts for the webhooks. */
  readonly authority: ServingCertificate;
  readonly #stack: AsyncDisposableStack;
  #options: AdmissionOptions;
  #running:
    | { readonly webhooks: Webhooks; readonly ending: AbortController; readonly run: Promise<void> }
    | undefined;

  private constructor(parts: {
    readonly plane: ControlPlane;
    readonly proxy: FaultProxy;
    readonly api: KubeApi;
    readonly port: number;
    readonly authority: ServingCertificate;
    readonly options: AdmissionOptions;
    readonly stack: AsyncDisposableStack;
  }) {
    this.plane = parts.plane;
    this.proxy = parts.proxy;
    this.api = parts.api;
    this.port = parts.port;
    this.authority = parts.authority;
    this.#options = parts.options;
    this.#stack = parts.stack;
  }

  static async create(options: Partial<AdmissionOptions> = {}): Promise<AdmissionWorld> {
    await using stack = new AsyncDisposableStack();
    const plane = stack.use(await startControlPlane());
    const proxy = stack.use(await startFaultProxy(plane));
    const kubeconfig = await writeTestConfig(plane, { server: proxy.url });
    const api = stack.use(createKubeApi({ kubeconfig }));
    const world = new AdmissionWorld({
      plane,
      proxy,
      api,
      port: await freePort(),
      authority: await makeAuthority(Date.now()),
      options: { families: [4, 6], enableSpiderSubnet: false, refusesDeletionInUse: false, ...options },
      stack: stack.move(),
    });
    world.certificate.give(await world.makeCertificate());
    await world.start();
    await world.#configure();
    return world;
  }

  async makeCertificate(): Promise<ServingCertificate> {
    return makeServerCertificate(this.authority, { dns: ['localhost'], ip: ['127.0.0.1'] }, Date.now());
  }

  get webhooks(): Webhooks {
    if (this.#running === undefined) throw new Error('the webhooks are stopped');
    return this.#running.webhooks;
  }

  /** Starts the webhooks, perhaps with other options than before, and waits until they can answer. */
  async start(options: Partial<AdmissionOptions> = {}): Promise<void> {
    this.#options = { ...this.#options, ...options };
    const { api, port, certificate: certificates } = this;
    const webhooks = new Webhooks({ api, log, port, certificates, options: this.#options });
    const ending = new AbortController();
    this.#running = { webhooks, ending, run: webhooks.run(ending.signal) };
    await until('the webhooks answer', () => webhooks.problem === undefined);
  }

  /** Starts the webhooks without letting them read anything. */
  startUnread(): void {
    const { api, port, certificate: certificates } = this;
    const webhooks = new Webhooks({ api, log, port, certificates, options: this.#options });
    this.#running = { webhooks, ending: new AbortController(), run: Promise.resolve() };
  }

  /** Does something while the API server asks no webhook. */
  async unasked(work: () => Promise<void>): Promise<void> {
    for (const path of configurationPaths)
      await this.plane.adminRequest('DELETE', `${path}/${configurationName}`);
    await until('the API server asks no webhook', async () => {
      const probe = manifest('SpiderIPPool', 'probe', { subnet: '10.0.0.0/24', ips: ['x'] });
      return (await this.create(pools, probe, { dryRun: 'All' })).status === 201;
    });
    await work();
    await this.#configure();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    running?.ending.abort();
    await running?.run;
    await running?.webhooks[Symbol.asyncDispose]();
  }

  async restart(options: Partial<AdmissionOptions>): Promise<void> {
    await this.stop();
    await this.start(options);
  }

  async create(path: string, object: object, query: Record<string, string> = {}): Promise<AdminResponse> {
    return this.plane.adminRequest('POST', path, object, { query });
  }

  async patch(path: string, change: object): Promise<AdminResponse> {
    return this.plane.adminRequest('PATCH', path, change);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#stack.disposeAsync();
  }

  async #configure(): Promise<void> {
    const caBundle = Buffer.from(this.authority.cert).toString('base64');
    const url = `https://127.0.0.1:${this.port}`;
    const mutating = kinds.map((kind) =>
      webhook(kind, url, caBundle, { verb: 'mutate', operations: ['CREATE', 'UPDATE'] }),
    );
    const validating = kinds.flatMap((kind) => [
      webhook(kind, url, caBundle, { verb: 'validate', operations: ['CREATE', 'UPDATE'] }),
      ...(kind === 'SpiderReservedIP'
        ? []
        : [
            webhook(kind, url, caBundle, {
              verb: 'validate',
              operations: ['DELETE'],
              failurePolicy: 'Ignore',
            }),
          ]),
    ]);
    const metadata = { name: configurationName };
    await this.plane.ensure(`${configurations}/mutatingwebhookconfigurations`, {
      metadata,
      webhooks: mutating,
    });
    await this.plane.ensure(`${configurations}/validatingwebhookconfigurations`, {
      metadata,
      webhooks: validating,
    });
    await until('the API server asks the webhooks', async () => {
      const { status } = await this.create(
        pools,
        manifest('SpiderIPPool', 'probe', { subnet: '10.0.0.0/24', ips: ['x'] }),
        {
          dryRun: 'All',
        },
      );
      return status === 422;
    });
    await until('the API server asks the mutating webhooks', async () => {
      const probe = manifest('SpiderIPPool', 'probe', { subnet: '10.0.0.0/24' });
      const { body } = await this.create(pools, probe, { dryRun: 'All' });
      return (body as Stored).metadata.finalizers !== undefined;
    });
  }
}

/** An object as the API server answers it. */
export interface Stored {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly object[];
    readonly deletionTimestamp?: string;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

export function manifest(kind: string, name: string, spec: object, metadata: object = {}): object {
  return { apiVersion: 'spiderpool.spidernet.io/v2beta1', kind, metadata: { name, ...metadata }, spec };
}

function webhook(
  kind: string,
  url: string,
  caBundle: string,
  rule: {
    readonly verb: 'mutate' | 'validate';
    readonly operations: readonly string[];
    readonly failurePolicy?: 'Ignore';
  },
): object {
  const { verb, operations, failurePolicy = 'Fail' } = rule;
  const lower = kind.toLowerCase();
  const suffix = failurePolicy === 'Ignore' ? 'deletion.' : '';
  return {
    name: `${suffix}${lower}.${verb}.spiderpool.spidernet.io`,
    clientConfig: { url: `${url}/${verb}-spiderpool-spidernet-io-v2beta1-${lower}`, caBundle },
    rules: [
      {
        apiGroups: ['spiderpool.spidernet.io'],
        apiVersions: ['v2beta1'],
        operations,
        resources: [`${lower}s`],
        scope: 'Cluster',
      },
    ],
    // What is being deleted and keeps its spec is nobody's business: finalizers go while the controller is away.
    ...(failurePolicy === 'Fail' && {
      matchConditions: [
        {
          name: 'not-a-finalizer-of-what-is-deleted',
          expression:
            'request.operation != "UPDATE" || !has(object.metadata.deletionTimestamp) || object.spec != oldObject.spec',
        },
      ],
    }),
    failurePolicy,
    sideEffects: 'None',
    timeoutSeconds: 10,
    admissionReviewVersions: ['v1'],
  };
}
