import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  makeAuthority,
  makeServerCertificate,
} from '../../daemon/controller/certificates/certificate-maker.ts';
import { createPod, deletePod } from '../support/cluster-objects.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { accountWith, startCommand } from '../support/controller-command.ts';
import { createCrds } from '../support/deploy-files.ts';
import { until } from './harness/until.ts';

const group = '/apis/spiderpool.spidernet.io/v2beta1';
const apiVersion = 'spiderpool.spidernet.io/v2beta1';
const admission = '/apis/admissionregistration.k8s.io/v1';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const secrets = '/api/v1/namespaces/spiderpool/secrets';
const leases = '/apis/coordination.k8s.io/v1/namespaces/spiderpool/leases';
const finalizers = ['spiderpool.spidernet.io'];
/** More than two pages of them. */
const endpointCount = 1_200;
const createsAtOnce = 32;
const plurals = ['spiderippools', 'spidersubnets', 'spiderreservedips', 'spiderendpoints', 'spideripblocks'];

let plane: ControlPlane;
let kubeconfig = '';

before(async () => {
  plane = await startControlPlane();
  // All the rights that it needs.
  kubeconfig = await accountWith(
    plane,
    { namespace: 'spiderpool', name: 'clean' },
    [
      { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      {
        apiGroups: ['spiderpool.spidernet.io'],
        resources: plurals.filter((plural) => plural !== 'spideripblocks'),
        verbs: ['get', 'list', 'patch'],
      },
      { apiGroups: ['spiderpool.spidernet.io'], resources: ['spideripblocks'], verbs: ['list'] },
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'],
        resourceNames: ['spiderpool-controller'],
        verbs: ['get', 'delete'],
      },
      {
        apiGroups: ['admissionregistration.k8s.io'],
        resources: ['validatingadmissionpolicies', 'validatingadmissionpolicybindings'],
        resourceNames: ['spiderpool-keep-records', 'spiderpool-own-slots'],
        verbs: ['get', 'delete'],
      },
      {
        apiGroups: ['apiextensions.k8s.io'],
        resources: ['customresourcedefinitions'],
        resourceNames: plurals.map((plural) => `${plural}.spiderpool.spidernet.io`),
        verbs: ['get', 'delete'],
      },
      {
        apiGroups: ['apiextensions.k8s.io'],
        resources: ['customresourcedefinitions'],
        resourceNames: ['spidermultusconfigs', 'spidercoordinators', 'spiderclaimparameters'].map(
          (plural) => `${plural}.spiderpool.spidernet.io`,
        ),
        verbs: ['get'],
      },
    ],
    [
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['spiderpool-controller-server-certs'],
        verbs: ['get', 'delete'],
      },
      {
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        resourceNames: ['spiderpool-controller-leases'],
        verbs: ['get', 'delete'],
      },
    ],
  );
});
after(() => plane[Symbol.asyncDispose]());
beforeEach(async () => {
  await createCrds(plane);
});

async function ensure(path: string, kind: string, name: string, content: object, metadata: object = {}) {
  await plane.ensure(path, { apiVersion, kind, metadata: { name, ...metadata }, ...content });
}

/** Webhooks that nobody answers, policies, what controllers make for themselves, and data with finalizers. */
async function install(): Promise<void> {
  await plane.applyPolicies();
  for (const name of ['one', 'ending']) {
    const spec = { subnet: `10.${name === 'one' ? 1 : 2}.0.0/16`, ips: [] };
    await ensure(`${group}/spiderippools`, 'SpiderIPPool', name, { spec }, { finalizers });
  }
  await plane.adminRequest('DELETE', `${group}/spiderippools/ending`);
  await ensure(
    `${group}/spidersubnets`,
    'SpiderSubnet',
    'one',
    { spec: { subnet: '10.1.0.0/16' } },
    { finalizers },
  );
  const slots = [{ pool: 'one', node: 'node-a' }, ...Array.from({ length: 63 }, () => ({}))];
  const spec = { base: '10.1.0.0', range: '10.1.0.0-10.1.0.63', slots };
  await ensure(`${group}/spideripblocks`, 'SpiderIPBlock', 'v4-0a010000', { spec });
  const authority = await makeAuthority(Date.now());
  const server = await makeServerCertificate(authority, { dns: ['a'], ip: [] }, Date.now());
  const texts = {
    'tls.crt': server.cert,
    'tls.key': server.key,
    'ca.crt': authority.cert,
    'ca.key': authority.key,
  };
  await plane.ensure(secrets, {
    metadata: { name: 'spiderpool-controller-server-certs' },
    type: 'kubernetes.io/tls',
    stringData: texts,
  });
  await plane.ensure(leases, { metadata: { name: 'spiderpool-controller-leases' }, spec: {} });
  for (const verb of ['mutating', 'validating']) await configureWebhook(verb, 'spiderpool');
}

async function configureWebhook(verb: string, namespace: string): Promise<void> {
  await plane.ensure(`${admission}/${verb}webhookconfigurations`, {
    metadata: { name: 'spiderpool-controller' },
    webhooks: [
      {
        name: `spiderippool.spiderpool.spidernet.io`,
        clientConfig: { service: { namespace, name: 'spiderpool-controller' } },
        rules: [
          {
            apiGroups: ['spiderpool.spidernet.io'],
            apiVersions: ['v2beta1'],
            resources: ['spiderippools'],
            operations: ['CREATE', 'UPDATE'],
          },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
}

async function createEndpoints(): Promise<void> {
  const queue = Array.from({ length: endpointCount }, (_, index) => `pod-${index}`);
  const path = `${group}/namespaces/default/spiderendpoints`;
  const worker = async (): Promise<void> => {
    for (let name = queue.pop(); name !== undefined; name = queue.pop())
      await ensure(path, 'SpiderEndpoint', name, {}, { finalizers });
  };
  await Promise.all(Array.from({ length: createsAtOnce }, worker));
}

async function statusOf(path: string): Promise<number> {
  return (await plane.adminRequest('GET', path)).status;
}

async function withFinalizers(plural: string): Promise<number> {
  const { body } = await plane.adminRequest('GET', `${group}/${plural}`);
  const { items } = body as { items: readonly { metadata: { finalizers?: readonly string[] } }[] };
  return items.filter(({ metadata }) => (metadata.finalizers ?? []).length > 0).length;
}

async function clean(args: readonly string[] = []) {
  const command = startCommand(['clean', ...args], { kubeconfig });
  const { exitCode } = await command.exit;
  return { exitCode, log: command.log };
}

test('clean changes nothing by a dry run, goes on after SIGKILL, keeps all data, and leaves nothing that a deletion hangs on', async () => {
  await install();
  await createEndpoints();
  const dry = await clean(['--dry-run', '--data']);
  assert.equal(dry.exitCode, 0, dry.log);
  assert.match(dry.log, new RegExp(`SpiderEndpoint: finalizer would be taken off ${endpointCount}\n`));
  assert.match(
    dry.log,
    /CRD spideripblocks\.spiderpool\.spidernet\.io with 1 SpiderIPBlocks: would be deleted/,
  );
  assert.match(dry.log, /dry run: nothing was changed\n$/);
  assert.equal(await withFinalizers('spiderendpoints'), endpointCount);

  const first = startCommand(['clean'], { kubeconfig });
  await until(
    'some finalizers are off',
    async () => (await withFinalizers('spiderendpoints')) < endpointCount,
  );
  await first.kill();
  const second = await clean();
  assert.equal(second.exitCode, 0, second.log);
  for (const plural of plurals) assert.equal(await withFinalizers(plural), 0, plural);
  assert.equal(await statusOf(`${group}/spiderippools/one`), 200);
  assert.equal(await statusOf(`${group}/spiderippools/ending`), 404);
  for (const path of [
    `${secrets}/spiderpool-controller-server-certs`,
    `${leases}/spiderpool-controller-leases`,
    `${admission}/mutatingwebhookconfigurations/spiderpool-controller`,
    `${admission}/validatingwebhookconfigurations/spiderpool-controller`,
    `${admission}/validatingadmissionpolicybindings/spiderpool-keep-records`,
    `${admission}/validatingadmissionpolicies/spiderpool-own-slots`,
  ])
    assert.equal(await statusOf(path), 404, path);
  const third = await clean();
  assert.equal(third.exitCode, 0);
  assert.equal(third.log, 'done: pools and records stay; to delete them too, run this with --data\n');
  await plane.kubectl(['delete', 'sp', '--all', '--wait', '--timeout=60s']);
  const names = plurals.map((plural) => `${plural}.spiderpool.spidernet.io`);
  await plane.kubectl(['delete', 'crd', ...names, '--wait', '--timeout=60s']);
});

test('clean --data refuses while an agent runs and names its node, then deletes pools, records and our CRDs alone', async () => {
  await install();
  const kind = { plural: 'spidercoordinators', singular: 'spidercoordinator', kind: 'SpiderCoordinator' };
  await plane.ensure(definitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'spidercoordinators.spiderpool.spidernet.io' },
    spec: {
      group: 'spiderpool.spidernet.io',
      names: kind,
      scope: 'Cluster',
      versions: [
        { name: 'v2beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  });
  const labels = {
    'app.kubernetes.io/name': 'spiderpool',
    'app.kubernetes.io/component': 'spiderpool-agent',
  };
  const agent = await createPod(plane, { namespace: 'spiderpool', name: 'agent-a', node: 'node-a', labels });
  const refused = await clean(['--data', '--timeout', '1s']);
  assert.equal(refused.exitCode, 1, refused.log);
  assert.match(refused.log, /agent spiderpool\/agent-a on node node-a.*nothing was changed/);
  assert.equal(await statusOf(`${group}/spideripblocks/v4-0a010000`), 200);
  assert.equal(await statusOf(`${admission}/mutatingwebhookconfigurations/spiderpool-controller`), 200);

  const waiting = startCommand(['clean', '--data'], { kubeconfig });
  await until('it waits', () => waiting.log.includes('waiting: 1 pods still run'));
  await deletePod(plane, agent, { force: true });
  assert.equal((await waiting.exit).exitCode, 0, waiting.log);
  for (const plural of plurals)
    assert.equal(await statusOf(`${definitions}/${plural}.spiderpool.spidernet.io`), 404, plural);
  assert.equal(await statusOf(`${definitions}/spidercoordinators.spiderpool.spidernet.io`), 200);
  assert.match(waiting.log, /CRD spidercoordinators\S+: left, it is the original/);
  assert.equal((await clean(['--data'])).exitCode, 0);
});

test('clean touches neither a Spiderpool of another namespace nor a certificate that it did not make', async () => {
  await install();
  const labels = {
    'app.kubernetes.io/name': 'spiderpool',
    'app.kubernetes.io/component': 'spiderpool-agent',
  };
  await createPod(plane, { namespace: 'elsewhere', name: 'agent-a', node: 'node-a', labels });
  const configuration = `${admission}/validatingwebhookconfigurations/spiderpool-controller`;
  await plane.adminRequest('DELETE', configuration);
  await configureWebhook('validating', 'elsewhere');
  await plane.adminRequest('PATCH', `${secrets}/spiderpool-controller-server-certs`, {
    data: { 'ca.key': null },
  });
  const refused = await clean(['--data']);
  assert.equal(refused.exitCode, 1, refused.log);
  assert.match(refused.log, /another Spiderpool runs .*agent elsewhere\/agent-a on node node-a/);
  const { exitCode, log } = await clean(['--validate', 'spiderpool-controller']);
  assert.equal(exitCode, 0, log);
  assert.equal(await statusOf(configuration), 200);
  assert.equal(await statusOf(`${secrets}/spiderpool-controller-server-certs`), 200);
  assert.ok((await withFinalizers('spiderippools')) > 0);
  assert.equal(await statusOf(`${leases}/spiderpool-controller-leases`), 404);
});
