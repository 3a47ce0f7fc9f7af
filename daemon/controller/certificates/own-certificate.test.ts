import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { pino } from 'pino';
import { createKubeApi } from '../../../src/kube/create-kube-api.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { type ControlPlane, startControlPlane } from '../../../test/support/control-plane.ts';
import { type FaultProxy, startFaultProxy } from '../../../test/support/fault-proxy.ts';
import { CaBundle } from './ca-bundle.ts';
import { OwnCertificate, type OwnCertificateOptions } from './own-certificate.ts';
import { isSignedBy, readCertificates } from './read-pem.ts';

const log = pino({ level: 'silent' });
const namespace = 'spiderpool';
const secretName = 'spiderpool-controller-server-certs';
const serviceName = 'spiderpool-controller';
const secretPath = `/api/v1/namespaces/${namespace}/secrets/${secretName}`;
const account = { namespace, name: 'spiderpool-controller' };
const dayMs = 24 * 3_600_000;
const yearMs = 365 * dayMs;

interface Secret {
  readonly type: string;
  readonly metadata: { readonly resourceVersion: string; readonly labels?: object };
  readonly data: Readonly<Record<string, string>>;
}

let plane: ControlPlane;
let proxy: FaultProxy;
/** Two replicas have a client each, with the rights of the manifests. */
let apis: KubeApi[];
let ending: AbortController;
let running: Promise<void>[];
const servers: Server[] = [];

before(async () => {
  plane = await startControlPlane({ crds: false });
  await plane.bindControllerRole(account);
  proxy = await startFaultProxy(plane);
  const direct = await plane.kubeconfigFor(account);
  const proxied = await plane.kubeconfigFor(account, { server: proxy.url });
  apis = [direct, direct, proxied].map((kubeconfig) => createKubeApi({ kubeconfig }));
});
after(async () => {
  for (const api of apis) await api[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await plane[Symbol.asyncDispose]();
});
beforeEach(() => {
  ending = new AbortController();
  running = [];
});
afterEach(async () => {
  ending.abort();
  await Promise.all(running);
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  await proxy.refuse(false);
  await plane.adminRequest('DELETE', secretPath);
});

function replica(index: number, options: Partial<OwnCertificateOptions> = {}): OwnCertificate {
  const api = apis[index];
  assert.ok(api !== undefined);
  return new OwnCertificate({
    api,
    log,
    namespace,
    secretName,
    serviceName,
    pollMs: 50,
    retryMs: 50,
    ...options,
  });
}

function start(part: { run(signal: AbortSignal): Promise<void> }): void {
  running.push(part.run(ending.signal));
}

async function readSecret(): Promise<Secret> {
  const { status, body } = await plane.adminRequest('GET', secretPath);
  assert.equal(status, 200);
  return body as Secret;
}

function decoded(secret: Secret, key: string): string {
  return Buffer.from(secret.data[key] ?? '', 'base64').toString();
}

test('OwnCertificate makes one Secret for replicas that start at once', async () => {
  const replicas = [replica(0), replica(1), replica(0), replica(1)];
  const heard: string[] = [];
  for (const each of replicas) {
    assert.equal(each.current, undefined);
    each.onChange(({ cert }) => heard.push(cert));
    start(each);
  }
  await until('all have a certificate', () => replicas.every(({ current }) => current !== undefined));
  const secret = await readSecret();
  assert.equal(secret.type, 'kubernetes.io/tls');
  assert.deepEqual(Object.keys(secret.data).toSorted(), ['ca.crt', 'ca.key', 'tls.crt', 'tls.key']);
  for (const each of replicas) {
    assert.deepEqual(each.current, { cert: decoded(secret, 'tls.crt'), key: decoded(secret, 'tls.key') });
    assert.equal(each.trust, decoded(secret, 'ca.crt'));
  }
  const leaf = new X509Certificate(decoded(secret, 'tls.crt'));
  for (const name of [
    'spiderpool-controller.spiderpool.svc',
    'spiderpool-controller.spiderpool.svc.cluster.local',
  ]) {
    assert.equal(leaf.checkHost(name), name);
  }
  assert.equal(new Set(heard).size, 1);
  assert.equal(heard.length, replicas.length);
});

test('OwnCertificate replaces garbage, leaves the rest of the Secret alone, and all replicas follow', async () => {
  const replicas = [replica(0), replica(1)];
  for (const each of replicas) start(each);
  await until('both have a certificate', () => replicas.every(({ current }) => current !== undefined));
  const first = await readSecret();
  const garbage = Buffer.from('garbage').toString('base64');
  const changed = { metadata: { labels: { mine: 'yes' } }, data: { 'tls.crt': garbage, note: garbage } };
  assert.equal((await plane.adminRequest('PATCH', secretPath, changed)).status, 200);
  const next = await until('both serve a new certificate', async () => {
    const secret = await readSecret();
    const cert = decoded(secret, 'tls.crt');
    return cert !== 'garbage' && replicas.every(({ current }) => current?.cert === cert) && secret;
  });
  assert.notEqual(next.data['tls.crt'], first.data['tls.crt']);
  // Nobody who trusts the authority notices.
  assert.equal(next.data['ca.crt'], first.data['ca.crt']);
  assert.equal(next.data['note'], garbage);
  assert.deepEqual(next.metadata.labels, { mine: 'yes' });

  await plane.adminRequest('DELETE', secretPath);
  await until('it is made anew', async () => {
    const { status, body } = await plane.adminRequest('GET', secretPath);
    const cert = status === 200 ? decoded(body as Secret, 'tls.crt') : '';
    return replicas.every(({ current }) => current?.cert === cert);
  });
});

test('OwnCertificate writes nothing while nothing is to be done', async () => {
  const each = replica(0);
  const { signal } = ending;
  await each.refresh(signal);
  const { metadata } = await readSecret();
  for (let times = 0; times < 3; times += 1) await each.refresh(signal);
  assert.equal((await readSecret()).metadata.resourceVersion, metadata.resourceVersion);
});

test('OwnCertificate serves what it has while the API server can not be reached, and what it read first', async () => {
  const maker = replica(0);
  await maker.refresh(ending.signal);
  const each = replica(2);
  await proxy.refuse(true);
  start(each);
  await assert.rejects(each.refresh(AbortSignal.timeout(200)));
  assert.equal(each.current, undefined);
  await proxy.refuse(false);
  await until('it was read', () => each.current !== undefined);
  assert.deepEqual(each.current, maker.current);
  await proxy.refuse(true);
  await assert.rejects(each.refresh(AbortSignal.timeout(200)));
  assert.deepEqual(each.current, maker.current);
  await proxy.refuse(false);
});

/** A webhook that allows everything, with whatever certificate is current. */
async function serveWebhook(certificate: OwnCertificate): Promise<{ server: Server; calls: () => number }> {
  let calls = 0;
  const server = createServer({ ...certificate.current }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      calls += 1;
      const { request: review } = JSON.parse(Buffer.concat(chunks).toString()) as {
        request: { uid: string };
      };
      response.setHeader('content-type', 'application/json');
      // Each call on a connection of its own, so that each checks the certificate.
      response.setHeader('connection', 'close');
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.uid, allowed: true },
        }),
      );
    });
  });
  certificate.onChange((changed) => server.setSecureContext(changed));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, calls: () => calls };
}

test('OwnCertificate renews certificate and authority while an API server calls the webhook, and no call fails', async () => {
  const realMs = Date.now();
  /** The past, so that what is made at each of these times is valid now: an API server's clock can't be moved. */
  let nowMs = realMs - 7.3 * yearMs;
  const now = (): number => nowMs;
  const [serving, other] = [replica(0, { now }), replica(1, { now })];
  const { signal } = ending;
  await serving.refresh(signal);
  const oldest = serving.current;
  // Its first certificate has expired; that of nine months ago is good.
  nowMs = realMs - 9 * 30 * dayMs;
  await serving.refresh(signal);
  assert.notDeepEqual(serving.current, oldest);
  await other.refresh(signal);
  const { server, calls } = await serveWebhook(serving);
  servers.push(server);
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const configurations = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  const webhook = {
    name: 'all.example.org',
    clientConfig: { url: `https://127.0.0.1:${address.port}/` },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  await plane.ensure(configurations, { metadata: { name: serviceName }, webhooks: [webhook] });
  const [api] = apis;
  assert.ok(api !== undefined);
  for (const source of [serving, other]) {
    start(new CaBundle({ api, log, name: serviceName, source, periodMs: 50, retryMs: 50 }));
    start(source);
  }
  const create = async (): Promise<number> =>
    (
      await plane.adminRequest('POST', '/api/v1/namespaces/default/configmaps', {
        metadata: { generateName: 'called-' },
      })
    ).status;
  await until('the API server trusts the webhook', async () => (await create()) === 201);

  // From now on nothing may fail.
  const failures: number[] = [];
  const ended = new AbortController();
  const calling = (async () => {
    while (!ending.signal.aborted && !ended.signal.aborted) {
      const status = await create();
      if (status !== 201) failures.push(status);
    }
  })();
  const callsNow = calls();
  await until('it was called', () => calls() > callsNow + 3);
  const isServed = (cert: string | undefined): boolean =>
    serving.current?.cert !== cert && serving.current?.cert === other.current?.cert;

  const [authority] = readCertificates(serving.trust ?? '');
  assert.ok(authority !== undefined);
  let { cert } = serving.current ?? {};
  nowMs = realMs - 2 * 3_600_000;
  await until('certificate and authority are renewed', () => isServed(cert));
  const [newer, older] = readCertificates(serving.trust ?? '');
  assert.ok(newer !== undefined);
  assert.equal(older?.fingerprint256, authority.fingerprint256);
  assert.ok(isSignedBy(new X509Certificate(serving.current?.cert ?? ''), [authority]));
  let callsBefore = calls();
  await until('it was called with it', () => calls() > callsBefore + 3);
  const published = async (): Promise<string> => {
    const { body } = await plane.adminRequest('GET', `${configurations}/${serviceName}`);
    const { webhooks } = body as { webhooks: { clientConfig: { caBundle?: string } }[] };
    return Buffer.from(webhooks[0]?.clientConfig.caBundle ?? '', 'base64').toString();
  };
  await until('both authorities are published', async () => (await published()) === serving.trust);

  // A certificate that is lost now is signed by the new authority.
  ({ cert } = serving.current ?? {});
  nowMs = realMs;
  const lost = { data: { 'tls.crt': '', 'tls.key': '' } };
  assert.equal((await plane.adminRequest('PATCH', secretPath, lost)).status, 200);
  await until('another certificate is served', () => isServed(cert));
  assert.ok(isSignedBy(new X509Certificate(serving.current?.cert ?? ''), [newer]));
  callsBefore = calls();
  await until('it was called with that one', () => calls() > callsBefore + 3);
  ended.abort();
  await calling;
  assert.deepEqual(failures, []);
});
