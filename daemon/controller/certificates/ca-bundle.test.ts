import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../../test/support/fault-proxy.ts';
import { CaBundle } from './ca-bundle.ts';
import { makeAuthority } from './certificate-maker.ts';
import type { TrustSource } from './trust-source.ts';

const name = 'spiderpool-controller';
const account = { namespace: 'spiderpool', name };
const registration = '/apis/admissionregistration.k8s.io/v1';
const kinds = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'] as const;
const yearMs = 365 * 24 * 3_600_000;

/** A source that the test changes, and one that has not heard yet what it will hear when it looks. */
class Source implements TrustSource {
  trust: string | undefined;
  /** What {@link refresh} finds. */
  next: string | undefined;
  isComplete = true;
  readonly #listeners: (() => void)[] = [];

  onTrust(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async refresh(): Promise<void> {
    if (this.next !== undefined) this.set(this.next);
  }

  set(trust: string | undefined): void {
    this.trust = trust;
    for (const listener of this.#listeners) listener();
  }
}

let plane: ControlPlane;
let proxy: FaultProxy;
let api: KubeApi;
let source: Source;
let lines: string[];
let ending: AbortController;
let running: Promise<void>[];
let authorities: readonly string[];

before(async () => {
  plane = await startControlPlane({ crds: false });
  await plane.bindControllerRole(account);
  proxy = await startFaultProxy(plane);
  api = createKubeApi({ kubeconfig: await plane.kubeconfigFor(account, { server: proxy.url }) });
  const made = [Date.now(), Date.now(), Date.now() - 11 * yearMs].map(
    async (ms) => (await makeAuthority(ms)).cert,
  );
  authorities = await Promise.all(made);
});
after(async () => {
  await api[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});
beforeEach(() => {
  source = new Source();
  lines = [];
  ending = new AbortController();
  running = [];
});
afterEach(async () => {
  ending.abort();
  await Promise.all(running);
  for (const kind of kinds) await plane.adminRequest('DELETE', `${registration}/${kind}/${name}`);
});

function start(periodMs = 50): void {
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) });
  running.push(new CaBundle({ api, log, name, source, periodMs, retryMs: 50 }).run(ending.signal));
}

function authority(index: number): string {
  const pem = authorities[index];
  assert.ok(pem !== undefined);
  return pem;
}

/** Both configurations, with two webhooks each. */
async function configure(annotations: Readonly<Record<string, string>> = {}): Promise<void> {
  const webhooks = ['a.example.org', 'b.example.org'].map((each) => ({
    name: each,
    clientConfig: { service: { namespace: 'spiderpool', name, path: '/' } },
    rules: [{ apiGroups: ['none'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['none'] }],
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  }));
  for (const kind of kinds) {
    await plane.ensure(`${registration}/${kind}`, { metadata: { name, annotations }, webhooks });
  }
}

/** The bundle of each of the four webhooks. */
async function published(): Promise<readonly string[]> {
  const bundles: string[] = [];
  for (const kind of kinds) {
    const { body } = await plane.adminRequest('GET', `${registration}/${kind}/${name}`);
    const { webhooks } = body as { webhooks: { clientConfig: { caBundle?: string } }[] };
    for (const { clientConfig } of webhooks) {
      bundles.push(Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
    }
  }
  return bundles;
}

async function untilPublished(bundle: string): Promise<void> {
  await until('all four have the bundle', async () => (await published()).every((each) => each === bundle));
}

test('CaBundle writes the bundle into every webhook, again when somebody removes it, and anew when it changes', async () => {
  await configure();
  source.trust = authority(0);
  start();
  await untilPublished(authority(0));
  for (const kind of kinds) {
    const removal = [{ op: 'remove', path: '/webhooks/1/clientConfig/caBundle' }];
    const options = { contentType: 'application/json-patch+json' };
    const { status } = await plane.adminRequest('PATCH', `${registration}/${kind}/${name}`, removal, options);
    assert.equal(status, 200);
  }
  await untilPublished(authority(0));
  source.set(`${authority(1)}${authority(0)}`);
  await untilPublished(`${authority(1)}${authority(0)}`);
});

test('CaBundle does not wait for its period when the bundle changes', async () => {
  await configure();
  start(3_600_000);
  source.set(authority(0));
  await untilPublished(authority(0));
  source.set(authority(1));
  await untilPublished(authority(1));
});

test('CaBundle bears configurations that do not exist, says so once, and fills them in later', async () => {
  source.trust = authority(0);
  start();
  const told = (): number => lines.filter((line) => line.includes('no such webhook configuration')).length;
  await until('both are missed', () => told() === 2);
  const asked = (): number => proxy.countRequests('GET', /validatingwebhookconfigurations/);
  const earlier = asked();
  await until('it looked several times more', () => asked() > earlier + 3);
  assert.equal(told(), 2);
  await configure();
  await untilPublished(authority(0));
});

test('CaBundle looks whether it is right before it replaces what another replica has published', async () => {
  await configure();
  source.trust = authority(0);
  start();
  await untilPublished(authority(0));
  // The other replica has renewed the authority, this one does not know yet.
  const newer = `${authority(1)}${authority(0)}`;
  source.next = newer;
  const patches = (): number => proxy.countRequests('PATCH', /webhookconfigurations/);
  const earlier = patches();
  const value = Buffer.from(newer).toString('base64');
  for (const kind of kinds) {
    const change = [0, 1].map((index) => ({
      op: 'add',
      path: `/webhooks/${index}/clientConfig/caBundle`,
      value,
    }));
    const options = { contentType: 'application/json-patch+json' };
    await plane.adminRequest('PATCH', `${registration}/${kind}/${name}`, change, options);
  }
  await until('it knows', () => source.trust === newer);
  await untilPublished(newer);
  assert.equal(patches(), earlier);
});

test('CaBundle keeps what is published besides, until it expires, where others may know better', async () => {
  await configure();
  source.trust = `${authority(2)}${authority(0)}`;
  start();
  await untilPublished(`${authority(2)}${authority(0)}`);
  source.isComplete = false;
  source.set(authority(1));
  await untilPublished(`${authority(1)}${authority(0)}`);
  // It stands there already.
  const patches = (): number => proxy.countRequests('PATCH', /webhookconfigurations/);
  const earlier = patches();
  source.set(authority(0));
  const asked = (): number => proxy.countRequests('GET', /validatingwebhookconfigurations/);
  const askedBefore = asked();
  await until('it looked several times more', () => asked() > askedBefore + 3);
  assert.equal(patches(), earlier);
});

test('CaBundle leaves configurations alone that an injector writes, and writes nothing it does not know', async () => {
  await configure({ 'cert-manager.io/inject-ca-from': 'spiderpool/certificate' });
  source.trust = authority(0);
  start();
  const asked = (): number => proxy.countRequests('GET', /validatingwebhookconfigurations/);
  const earlier = asked();
  await until('it looked several times', () => asked() > earlier + 3);
  assert.deepEqual(await published(), ['', '', '', '']);
});

test('CaBundle goes on after failures and overtaken writes', async () => {
  await configure();
  source.trust = authority(0);
  const path = /webhookconfigurations/;
  const reads = proxy.inject({ method: 'GET', path, times: 3, fault: { kind: 'status', status: 403 } });
  const lost = proxy.inject({ method: 'PATCH', path, times: 1, fault: { kind: 'cut-after' } });
  const overtaken = proxy.inject({ method: 'PATCH', path, times: 2, fault: { kind: 'status', status: 422 } });
  start();
  await untilPublished(authority(0));
  await until('everything has struck', () => reads.hits === 3 && lost.hits === 1);
  for (const each of [reads, lost, overtaken]) each.remove();
  assert.ok(lines.some((line) => line.includes('could not be published')));
});
