import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { kubeResources, resourcePath } from '../src/kube/resource-path.ts';
import { untilAllowed } from './support/access-review.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { chartFolder, renderText, runHelm } from './support/render-chart.ts';
import { createForeignKinds } from './support/stub-definitions.ts';

/*
 * The chart on a real API server, with a real helm. No kubelet is there, so no Job ends: hooks are left out, and looked at as objects.
 */

const release = 'spiderpool';
const namespace = 'spiderpool';
const controllerName = 'spiderpool-controller';
const agent = { namespace, name: 'spiderpool-agent' };
const stranger = { namespace, name: 'stranger' };
/** What no server looks into: the key of a Secret. */
const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
const pools = {
  installIPv4IPPool: true,
  ipv4Subnet: '10.6.0.0/16',
  ipv4IPRanges: ['10.6.0.10-10.6.0.90'],
  installIPv6IPPool: true,
  ipv6Subnet: 'fd00:6::/64',
  ipv6IPRanges: ['fd00:6::10-fd00:6::90'],
};
const monitored = {
  prometheus: {
    enabled: true,
    serviceMonitor: { install: true },
    prometheusRule: { install: true },
  },
};
const variants: Readonly<Record<string, object>> = {
  'default values': {},
  'IPv4 alone': { ipam: { enableIPv6: false } },
  'IPv6 alone': { ipam: { enableIPv4: false } },
  'another registry': { global: { imageRegistryOverride: 'mirror.lan:5000' } },
  'one controller, with a pod network': { spiderpoolController: { replicas: 1, hostnetwork: false } },
  'updates by hand': {
    spiderpoolAgent: { updateStrategy: { type: 'OnDelete' } },
    spiderpoolController: { updateStrategy: { type: 'Recreate' } },
  },
  'default pools, and data that goes': {
    clusterDefaultPool: pools,
    spiderpoolController: { cleanup: { enable: true } },
  },
  'a network list': { cni: { install: true, master: 'eth0' } },
  'a certificate that is there': { spiderpoolController: { tls: { method: 'provided' } } },
  'a certificate of cert-manager': { spiderpoolController: { tls: { method: 'certmanager' } } },
  'a certificate of a foreign issuer': {
    spiderpoolController: {
      tls: { method: 'certmanager', certmanager: { issuerName: 'corp', issuerKind: 'ClusterIssuer' } },
    },
  },
  monitoring: {
    spiderpoolAgent: monitored,
    spiderpoolController: monitored,
    grafanaDashboard: { install: true, operator: { install: true } },
  },
};

let plane: ControlPlane;

before(async () => {
  // The chart brings the definitions.
  plane = await startControlPlane({ crds: false });
  await createForeignKinds(plane, [
    { group: 'cert-manager.io', version: 'v1', kind: 'Certificate', plural: 'certificates' },
    { group: 'cert-manager.io', version: 'v1', kind: 'Issuer', plural: 'issuers' },
    { group: 'monitoring.coreos.com', version: 'v1', kind: 'ServiceMonitor', plural: 'servicemonitors' },
    { group: 'monitoring.coreos.com', version: 'v1', kind: 'PrometheusRule', plural: 'prometheusrules' },
    {
      group: 'grafana.integreatly.org',
      version: 'v1beta1',
      kind: 'GrafanaDashboard',
      plural: 'grafanadashboards',
    },
  ]);
  await plane.createAccount(stranger);
});
after(async () => plane?.[Symbol.asyncDispose]());

/** Runs helm with all rights in the cluster. @returns what it prints */
async function helm(args: readonly string[], values: object = {}): Promise<string> {
  const result = await runHelm(args, { values, namespace, kubeconfig: plane.adminKubeconfig });
  assert.equal(result.exitCode, 0, result.stderr);
  return result.stdout;
}

/** `kind/name` of every object in the cluster, with its namespace. */
async function everything(): Promise<readonly string[]> {
  const listed = await plane.kubectl(['api-resources', '--verbs=list', '-o', 'name']);
  const kinds = listed.stdout.trim().split('\n');
  const columns = 'custom-columns=KIND:.kind,NAMESPACE:.metadata.namespace,NAME:.metadata.name';
  const args = ['get', kinds.join(','), '--all-namespaces', '--no-headers', '--ignore-not-found'];
  const { stdout } = await plane.kubectl([...args, '-o', columns]);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).join(' '));
  // What the API server does of its own accord.
  return lines.filter((line) => !/^(Event|Lease|APIService|Endpoints|EndpointSlice) /.test(line)).toSorted();
}

/** A field of an object of the release, by kubectl's JSONPath. */
async function fieldOf(kind: string, name: string, jsonPath: string): Promise<string> {
  const args = ['--namespace', namespace, 'get', kind, name, '-o', `jsonpath=${jsonPath}`];
  return (await plane.kubectl(args)).stdout;
}

/** What the API server knows the webhooks by. */
async function bundles(): Promise<readonly (string | undefined)[]> {
  const path = resourcePath(kubeResources.mutatingWebhooks, { name: controllerName });
  const { body } = await plane.adminRequest('GET', path);
  const { webhooks } = body as { webhooks: readonly { clientConfig: { caBundle?: string } }[] };
  return webhooks.map(({ clientConfig }) => clientConfig.caBundle);
}

/** Requests that the API server has let through at the agents' level, by its own count. */
async function dispatched(): Promise<number> {
  const { text } = await plane.adminRequest('GET', '/metrics');
  const line = text
    .split('\n')
    .find(
      (each) =>
        each.startsWith('apiserver_flowcontrol_dispatched_requests_total{') &&
        each.includes('flow_schema="spiderpool-ledger"') &&
        each.includes('priority_level="spiderpool-ledger"'),
    );
  return Number(line?.split(' ').at(-1) ?? '0');
}

describe('objects of the chart', () => {
  for (const [title, values] of Object.entries(variants)) {
    test(`with ${title} are taken by the API server without a remark`, async () => {
      const args = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
      const { stdout } = await plane.kubectl(args, { stdin: await renderText({ values }) });
      assert.match(stdout, /daemonset\.apps\/spiderpool-agent created \(server dry run\)/);
    });
  }
});

describe('a release of the chart', () => {
  /** What was there before it. */
  let standing: readonly string[] = [];

  test('tells in its notes what of the original’s values has no effect, and what is dangerous', async () => {
    const install = ['install', release, chartFolder, '--dry-run=server'];
    const quiet = await helm(install);
    assert.match(quiet, /kubectl -n spiderpool rollout status daemonset\/spiderpool-agent/);
    assert.doesNotMatch(quiet, /WITHOUT EFFECT|NOT SUPPORTED|ATTENTION/);
    const loud = await helm(install, {
      rdma: { rdmaSharedDevicePlugin: { install: false } },
      multus: { multusCNI: { install: true } },
      ipam: { spiderSubnet: { enable: true } },
      spiderpoolAgent: {
        image: { repository: 'spidernet-io/spiderpool/spiderpool-agent', tag: 'v1.1.0' },
        tuneSysctlConfig: true,
      },
      spiderpoolController: {
        cleanup: { enable: true },
        podResourceInject: { enabled: true },
        tls: { secretName: 'other' },
      },
    });
    const notes = loud.slice(loud.indexOf('NOTES:'));
    assert.match(
      notes,
      /WITHOUT EFFECT.*: rdma, multus\.multusCNI\.install, spiderpoolController\.podResourceInject\n/,
    );
    assert.match(notes, /pods with the annotations subnet and subnets are refused/);
    assert.match(notes, /spiderpoolAgent\.image names an image of the original/);
    assert.match(notes, /spiderpoolAgent\.tuneSysctlConfig is true, but/);
    assert.match(notes, /tls\.secretName is without effect/);
    assert.match(notes, /"helm uninstall" deletes all pools and all records/);
  });

  test('brings the definitions, and everything that the values ask for', async () => {
    standing = await everything();
    const notes = await helm(['install', release, chartFolder, '--no-hooks']);
    assert.match(notes, /STATUS: deployed/);
    const args = ['wait', '--for=condition=Established', '--timeout=60s'];
    const plurals = ['endpoints', 'ipblocks', 'ippools', 'reservedips', 'subnets'];
    const names = plurals.map((each) => `crd/spider${each}.spiderpool.spidernet.io`);
    await plane.kubectl([...args, ...names]);
    const objects = await everything();
    for (const object of [
      'DaemonSet spiderpool spiderpool-agent',
      'Deployment spiderpool spiderpool-controller',
      'FlowSchema <none> spiderpool-ledger',
      'ValidatingAdmissionPolicyBinding <none> spiderpool-own-slots',
    ]) {
      assert.ok(objects.includes(object), object);
    }
    assert.ok(!objects.some((object) => object.endsWith('spiderpool-clean')));
  });

  test('has its definitions brought up to date by the command of the documents', async () => {
    const file = join(chartFolder, 'crds/spiderpool.spidernet.io_spideripblocks.yaml');
    const next = readFileSync(file, 'utf8').replace(
      'description: The addresses of the block',
      'description: Newer',
    );
    const apply = ['apply', '--server-side', '-f', '-'];
    // Helm has made them, and owns their fields.
    await assert.rejects(plane.kubectl(apply, { stdin: next }), /conflict with "helm"/);
    const command = [...apply, '--force-conflicts'];
    for (const page of ['docs/install-on-a-cluster.md', 'deploy/chart/README.md']) {
      const text = readFileSync(join(chartFolder, '../..', page), 'utf8');
      assert.match(text, /kubectl apply --server-side --force-conflicts -f deploy\/chart\/crds/, page);
    }
    await plane.kubectl(command, { stdin: next });
    await plane.kubectl(command, { stdin: readFileSync(file, 'utf8') });
  });

  test('gives the agents’ records a level of their own in the API server, and nobody else', async () => {
    await untilAllowed(plane, agent, {
      group: 'spiderpool.spidernet.io',
      resource: 'spideripblocks',
      verb: 'list',
    });
    const path = resourcePath(kubeResources.blocks);
    const token = await plane.tokenFor(agent);
    const other = await plane.tokenFor(stranger);
    const deadline = performance.now() + 60_000;
    // The API server learns of the level by a watch of its own, and of a definition that has changed too: 429 meanwhile.
    let status = 0;
    while ((status !== 200 || (await dispatched()) === 0) && performance.now() < deadline) {
      ({ status } = await plane.adminRequest('GET', path, undefined, { token }));
    }
    assert.equal(status, 200);
    const count = await dispatched();
    assert.ok(count > 0);
    await plane.adminRequest('GET', path, undefined, { token: other });
    await plane.adminRequest('GET', resourcePath(kubeResources.pools), undefined, { token });
    assert.equal(await dispatched(), count);
    await plane.adminRequest('GET', path, undefined, { token });
    assert.equal(await dispatched(), count + 1);
  });

  test('lets an agent delete no pod and no namespace, and read no Secret', async () => {
    const user = `system:serviceaccount:${namespace}:${agent.name}`;
    const forbidden = [
      ['delete', 'pods'],
      ['deletecollection', 'pods'],
      ['delete', 'namespaces'],
      ['get', 'secrets'],
      ['list', 'secrets'],
      ['delete', 'spideripblocks'],
      ['update', 'spiderippools'],
    ] as const;
    for (const [verb, resource] of forbidden) {
      const group = resource.startsWith('spider') ? 'spiderpool.spidernet.io' : '';
      const { body } = await plane.adminRequest(
        'POST',
        '/apis/authorization.k8s.io/v1/subjectaccessreviews',
        { spec: { user, resourceAttributes: { group, resource, verb, namespace } } },
      );
      const { status } = body as { status: { allowed: boolean } };
      assert.equal(status.allowed, false, `${verb} ${resource}`);
    }
  });

  test('is upgraded without taking away what the controllers wrote', async () => {
    const path = resourcePath(kubeResources.mutatingWebhooks, { name: controllerName });
    const caBundle = readFileSync(plane.caFile).toString('base64');
    const operations = (await bundles()).map((_, index) => ({
      op: 'add',
      path: `/webhooks/${index}/clientConfig/caBundle`,
      value: caBundle,
    }));
    const contentType = 'application/json-patch+json';
    const written = await plane.adminRequest('PATCH', path, operations, { contentType });
    assert.equal(written.status, 200, written.text);
    await helm(['upgrade', release, chartFolder, '--no-hooks'], {
      ipam: { enableIPv6: false },
      spiderpoolController: { replicas: 3 },
    });
    assert.deepEqual(new Set(await bundles()), new Set([caBundle]));
    assert.equal(await fieldOf('deployment', controllerName, '{.spec.replicas}'), '3');
    assert.match(await fieldOf('configmap', 'spiderpool-conf', '{.data.conf\\.yml}'), /enableIPv6: false/);
  });

  test('changes the source of its certificate in an upgrade, and back', async () => {
    const caBundle = readFileSync(plane.caFile).toString('base64');
    const pem = readFileSync(plane.caFile, 'utf8');
    const provided = { tlsCert: pem, tlsKey: key, tlsCa: pem };
    // As the controllers have made it; Helm would not take it over.
    await plane.ensure(`/api/v1/namespaces/${namespace}/secrets`, {
      metadata: { name: `${controllerName}-server-certs` },
    });
    await helm(['upgrade', release, chartFolder, '--no-hooks'], {
      spiderpoolController: { tls: { method: 'provided', provided } },
    });
    assert.deepEqual(new Set(await bundles()), new Set([caBundle]));
    const { stdout } = await plane.kubectl([
      '-n',
      namespace,
      'get',
      'secret',
      `${controllerName}-provided-certs`,
    ]);
    assert.match(stdout, /kubernetes\.io\/tls +3/);
    await helm(['upgrade', release, chartFolder, '--no-hooks'], {
      spiderpoolController: { tls: { method: 'certmanager' } },
    });
    const issued = await plane.kubectl(['-n', namespace, 'get', 'certificates,issuers', '-o', 'name']);
    assert.deepEqual(issued.stdout.trim().split('\n').toSorted(), [
      'certificate.cert-manager.io/spiderpool-controller',
      'certificate.cert-manager.io/spiderpool-controller-ca',
      'issuer.cert-manager.io/spiderpool-controller-ca',
      'issuer.cert-manager.io/spiderpool-controller-ca-self-signed',
    ]);
    // Without any values helm would keep those of before.
    await helm(['upgrade', release, chartFolder, '--no-hooks', '--reset-values']);
    const left = await plane.kubectl(['-n', namespace, 'get', 'certificates,issuers,secrets', '-o', 'name']);
    assert.doesNotMatch(left.stdout, /cert-manager|provided-certs/);
    const secret = `${controllerName}-server-certs`;
    await plane.kubectl(['-n', namespace, 'delete', 'secret', secret]);
  });

  test('leaves nothing behind when it is uninstalled but definitions and data', async () => {
    const slots = Array.from({ length: 64 }, (_, index) => (index === 3 ? { pool: 'a' } : {}));
    const blocks = resourcePath(kubeResources.blocks);
    const block = {
      apiVersion: 'spiderpool.spidernet.io/v2beta1',
      kind: 'SpiderIPBlock',
      metadata: { name: 'v4-0a060000' },
      spec: { base: '10.6.0.0', range: '10.6.0.0-10.6.0.63', slots },
    };
    assert.equal((await plane.adminRequest('POST', blocks, block)).status, 201);
    await helm(['uninstall', release, '--no-hooks', '--wait=false']);
    const known = new Set(standing);
    const left = (await everything()).filter((object) => !known.has(object));
    assert.deepEqual(left, [
      'CustomResourceDefinition <none> spiderendpoints.spiderpool.spidernet.io',
      'CustomResourceDefinition <none> spideripblocks.spiderpool.spidernet.io',
      'CustomResourceDefinition <none> spiderippools.spiderpool.spidernet.io',
      'CustomResourceDefinition <none> spiderreservedips.spiderpool.spidernet.io',
      'CustomResourceDefinition <none> spidersubnets.spiderpool.spidernet.io',
      'SpiderIPBlock <none> v4-0a060000',
    ]);
  });

  test('is installed again over the data that was left, in another namespace too', async () => {
    const args = ['install', release, chartFolder, '--no-hooks', '--create-namespace'];
    const elsewhere = { namespace: 'elsewhere', kubeconfig: plane.adminKubeconfig };
    const installed = await runHelm(args, elsewhere);
    assert.equal(installed.exitCode, 0, installed.stderr);
    const path = resourcePath(kubeResources.blocks, { name: 'v4-0a060000' });
    assert.equal((await plane.adminRequest('GET', path)).status, 200);
    await untilAllowed(
      plane,
      { ...agent, namespace: 'elsewhere' },
      { group: 'spiderpool.spidernet.io', resource: 'spideripblocks', verb: 'patch' },
    );
    const removed = await runHelm(['uninstall', release, '--no-hooks', '--wait=false'], elsewhere);
    assert.equal(removed.exitCode, 0, removed.stderr);
  });
});
