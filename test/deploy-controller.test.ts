import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { resolveControllerOptions } from '../daemon/controller/resolve-controller-options.ts';
import { controllerLease } from '../src/api/names.ts';
import { apiVersion } from '../src/api/resources.ts';
import { ledgerLabel } from '../src/cluster/kubernetes/pod-life.ts';
import { kubeResources, resourcePath } from '../src/kube/resource-path.ts';
import { untilAllowed } from './support/access-review.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';

const manifestFolder = fileURLToPath(new URL('../deploy/manifests', import.meta.url));
const namespace = 'spiderpool';
const controllerName = 'spiderpool-controller';
const account = { namespace, name: controllerName };
const user = `system:serviceaccount:${namespace}:${controllerName}`;

interface Probe {
  readonly httpGet: { readonly host: string; readonly port: number; readonly path: string };
}

interface Container {
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: { readonly hostNetwork: boolean; readonly containers: readonly Container[] };
    };
  };
}

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

interface Webhook {
  readonly name: string;
  readonly clientConfig: {
    readonly service: {
      readonly name: string;
      readonly namespace: string;
      readonly path: string;
      readonly port: number;
    };
    readonly caBundle?: string;
  };
  readonly rules: readonly {
    readonly resources: readonly string[];
    readonly operations: readonly string[];
  }[];
  readonly matchConditions?: readonly { readonly expression: string }[];
  readonly failurePolicy: string;
  readonly matchPolicy: string;
  readonly sideEffects: string;
  readonly timeoutSeconds: number;
  readonly admissionReviewVersions: readonly string[];
}

interface Configuration {
  readonly webhooks: readonly Webhook[];
}

/** The object of a kind and a name in `deploy/manifests`. */
function manifest(kind: string, name = controllerName): unknown {
  const files = globSync('*.yaml', { cwd: manifestFolder });
  const documents = files.flatMap((file) => loadAll(readFileSync(join(manifestFolder, file), 'utf8')));
  const found = documents.find((document) => {
    const object = document as { kind?: unknown; metadata?: { name?: unknown } } | null;
    return object?.kind === kind && object.metadata?.name === name;
  });
  assert.ok(found !== undefined, `deploy/manifests has no ${kind} ${name}`);
  return found;
}

/** Each operation of each kind, with the path at which it is asked for. */
function expected(verb: string, kinds: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.entries(kinds)
    .flatMap(([kind, operations]) =>
      operations.map((each) => `/${verb}-spiderpool-spidernet-io-v2beta1-${kind} ${each} ${kind}s`),
    )
    .toSorted();
}

/** What webhooks are asked about, in the same form. */
function asked(webhooks: readonly Webhook[]): readonly string[] {
  const texts = webhooks.flatMap(({ clientConfig, rules }) =>
    rules.flatMap(({ operations, resources }) =>
      operations.map((operation) => `${clientConfig.service.path} ${operation} ${resources.join()}`),
    ),
  );
  return [...new Set(texts)].toSorted();
}

describe('deploy, of the controller', () => {
  const deployment = manifest('Deployment') as Workload;
  const { template, selector } = deployment.spec;
  const [container] = template.spec.containers;
  assert.ok(container !== undefined);
  const env = new Map(container.env.map(({ name, value }) => [name, value ?? 'any']));
  let plane: ControlPlane;

  before(async () => {
    plane = await startControlPlane();
    await plane.kubectl(['apply', '--validate=strict', '--warnings-as-errors', '-f', manifestFolder]);
  });
  after(async () => plane?.[Symbol.asyncDispose]());

  test('the pods and what finds them agree', () => {
    assert.deepEqual(template.metadata.labels, selector.matchLabels);
    const budget = manifest('PodDisruptionBudget') as Workload;
    assert.deepEqual(budget.spec.selector, selector);
    const service = manifest('Service') as {
      spec: { selector: object; ports: readonly { port: number; targetPort: number }[] };
    };
    assert.deepEqual(service.spec.selector, selector.matchLabels);
    assert.deepEqual(
      service.spec.ports.map(({ port, targetPort }) => [port, targetPort]),
      [[443, 5722]],
    );
    const agent = manifest('DaemonSet', 'spiderpool-agent') as Workload;
    assert.equal(agent.spec.template.metadata.labels[ledgerLabel], 'blocks');
    assert.equal(agent.spec.selector.matchLabels[ledgerLabel], undefined);
  });

  test('the Deployment starts a controller that serves where probes and Service look', () => {
    assert.deepEqual(container.command, [
      'spiderpool-controller',
      'daemon',
      '--config-path',
      '/tmp/spiderpool/config-map/conf.yml',
    ]);
    const options = resolveControllerOptions({}, Object.fromEntries(env));
    assert.deepEqual(options.warnings, []);
    assert.equal(options.controllerName, controllerName);
    const ports = new Map(container.ports.map(({ name, containerPort }) => [name, containerPort]));
    assert.equal(ports.get('health'), options.healthPort);
    assert.equal(ports.get('webhook'), options.webhookPort);
    assert.equal(ports.get('metrics'), Number(env.get('SPIDERPOOL_METRIC_HTTP_PORT')));
    for (const [name, probe] of Object.entries({
      startup: container.startupProbe,
      liveness: container.livenessProbe,
      readiness: container.readinessProbe,
    })) {
      const { host, port, path } = probe.httpGet;
      assert.equal(`${host}:${port}${path}`, `127.0.0.1:${options.healthPort}/v1/runtime/${name}`);
    }
    assert.ok(template.spec.hostNetwork);
  });

  describe('its rights', () => {
    before(async () => {
      await untilAllowed(plane, account, { group: '', resource: 'pods', verb: 'get' });
      await untilAllowed(plane, account, { group: '', resource: 'secrets', verb: 'create', namespace });
    });

    async function isAllowed(
      verb: string,
      group: string,
      resource: string,
      target: object = {},
    ): Promise<boolean> {
      const [plural, subresource] = resource.split('/');
      const attributes = { verb, group, resource: plural, ...(subresource && { subresource }), ...target };
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const { body } = await plane.adminRequest('POST', path, {
        spec: { user, resourceAttributes: attributes },
      });
      return (body as { status: { allowed: boolean } }).status.allowed;
    }

    const spiderpool = 'spiderpool.spidernet.io';
    const registration = 'admissionregistration.k8s.io';
    const coordination = 'coordination.k8s.io';
    const read = ['get', 'list', 'watch'];
    const everything = [...read, 'create', 'update', 'patch', 'delete', 'deletecollection'];
    const inOwn = (name?: string) => ({ namespace, ...(name !== undefined && { name }) });
    const configuration = { name: controllerName };
    const certificate = resolveControllerOptions({}, Object.fromEntries(env)).certificate;
    assert.ok(certificate.kind === 'own');
    const { secretName } = certificate;

    /** What may be done, and by it what may not: every other verb. */
    const allowed: readonly (readonly [
      group: string,
      resource: string,
      verbs: readonly string[],
      target?: object,
    ])[] = [
      [spiderpool, 'spideripblocks', [...read, 'create', 'patch', 'delete']],
      [spiderpool, 'spiderippools', [...read, 'update', 'patch']],
      [spiderpool, 'spiderippools/status', ['update', 'patch']],
      [spiderpool, 'spidersubnets', [...read, 'update', 'patch']],
      [spiderpool, 'spidersubnets/status', ['update', 'patch']],
      [spiderpool, 'spiderreservedips', read],
      [spiderpool, 'spiderendpoints', [...read, 'create', 'update', 'patch', 'delete']],
      ['', 'pods', read],
      ['', 'pods/status', []],
      ['', 'pods/exec', []],
      ['', 'pods/eviction', []],
      ['', 'namespaces', read],
      ['', 'nodes', read],
      ['', 'events', ['create', 'patch']],
      ['', 'configmaps', []],
      ['', 'serviceaccounts/token', []],
      ['apps', 'statefulsets', ['get']],
      ['apps', 'daemonsets', []],
      ['kubevirt.io', 'virtualmachines', ['get']],
      ['kubevirt.io', 'virtualmachineinstances', ['get']],
      ['rbac.authorization.k8s.io', 'clusterroles', []],
      [registration, 'mutatingwebhookconfigurations', ['get', 'patch'], configuration],
      [registration, 'validatingwebhookconfigurations', ['get', 'patch'], configuration],
      [registration, 'mutatingwebhookconfigurations', [], { name: 'other' }],
      [registration, 'validatingwebhookconfigurations', [], { name: 'other' }],
      [coordination, 'leases', ['get', 'create', 'update', 'patch'], inOwn(controllerLease)],
      [coordination, 'leases', ['create'], inOwn('other')],
      [coordination, 'leases', [], { namespace: 'kube-system', name: controllerLease }],
      ['', 'secrets', ['get', 'create', 'update'], inOwn(secretName)],
      ['', 'secrets', ['create'], inOwn('other')],
      ['', 'secrets', ['create'], inOwn()],
      ['', 'secrets', [], { namespace: 'kube-system', name: secretName }],
      ['', 'secrets', []],
    ];
    for (const [group, resource, verbs, target] of allowed) {
      const where = target === undefined ? '' : ` of ${JSON.stringify(target)}`;
      test(`let it ${verbs.length === 0 ? 'do nothing with' : verbs.join(', ')} ${resource}${where}, no more`, async () => {
        for (const verb of everything) {
          assert.equal(await isAllowed(verb, group, resource, target), verbs.includes(verb), verb);
        }
      });
    }

    test('name single resources and verbs, all of which are looked at here', () => {
      const looked = new Set(allowed.map(([group, resource]) => `${resource}.${group}`));
      for (const kind of ['ClusterRole', 'Role']) {
        const { rules } = manifest(kind) as { rules: readonly Rule[] };
        for (const { apiGroups, resources, verbs } of rules) {
          assert.equal(apiGroups.length, 1);
          assert.ok(verbs.every((verb) => /^[a-z]+$/.test(verb)));
          for (const resource of resources) assert.ok(looked.has(`${resource}.${apiGroups[0]}`), resource);
        }
      }
    });
  });

  describe('the webhooks', () => {
    const mutating = (manifest('MutatingWebhookConfiguration') as Configuration).webhooks;
    const validating = (manifest('ValidatingWebhookConfiguration') as Configuration).webhooks;

    test('ask for what the original asks for, at its paths', () => {
      const changes = ['CREATE', 'UPDATE'];
      assert.deepEqual(
        asked(mutating),
        expected('mutate', { spiderippool: changes, spidersubnet: changes, spiderreservedip: changes }),
      );
      assert.deepEqual(
        asked(validating),
        expected('validate', {
          spiderippool: [...changes, 'DELETE'],
          spidersubnet: [...changes, 'DELETE'],
          spiderreservedip: changes,
        }),
      );
    });

    test('never hinder a deletion', () => {
      for (const { name, rules, failurePolicy, matchConditions } of [...mutating, ...validating]) {
        const isDelete = rules.some(({ operations }) => operations.includes('DELETE'));
        const conditions = (matchConditions ?? []).map(({ expression }) => expression);
        if (failurePolicy === 'Ignore') continue;
        assert.equal(failurePolicy, 'Fail', name);
        assert.ok(!isDelete, name);
        assert.deepEqual(conditions, ['!has(object.metadata.deletionTimestamp)'], name);
      }
    });

    test('are found by the Service, and have names of their own', () => {
      for (const { name, clientConfig, ...webhook } of [...mutating, ...validating]) {
        const { service, caBundle } = clientConfig;
        assert.equal(
          `${service.name}.${service.namespace}:${service.port}`,
          `${controllerName}.${namespace}:443`,
        );
        assert.equal(caBundle, undefined);
        assert.equal(webhook.matchPolicy, 'Equivalent', name);
        assert.equal(webhook.sideEffects, 'None', name);
        // The controller gives up after 8 s, and says so.
        assert.equal(webhook.timeoutSeconds, 10, name);
        assert.deepEqual(webhook.admissionReviewVersions, ['v1'], name);
      }
      assert.equal(new Set(validating.map(({ name }) => name)).size, validating.length);
    });

    test('refuse new and changed pools while no controller answers, but never a deletion', async () => {
      const pools = resourcePath(kubeResources.pools);
      const pool = {
        apiVersion,
        kind: 'SpiderIPPool',
        metadata: { name: 'a', finalizers: ['spiderpool.spidernet.io'] },
        spec: { subnet: '10.6.0.0/16' },
      };
      const refused = await plane.adminRequest('POST', pools, pool);
      assert.equal(refused.status, 500);
      assert.match(refused.text, /failed calling webhook/);
      // Made while there was no webhook, as by the original.
      await plane.kubectl(['delete', '-f', join(manifestFolder, '40-webhooks.yaml')]);
      const create = async (): Promise<number> => (await plane.adminRequest('POST', pools, pool)).status;
      const deadline = performance.now() + 60_000;
      let status = 0;
      while (status !== 201 && performance.now() < deadline) status = await create();
      assert.equal(status, 201);
      await plane.kubectl(['apply', '-f', join(manifestFolder, '40-webhooks.yaml')]);
      const change = async (metadata: object): Promise<number> =>
        (await plane.adminRequest('PATCH', `${pools}/a`, { metadata })).status;
      do {
        status = await change({ annotations: { tried: String(performance.now()) } });
      } while (status === 200 && performance.now() < deadline);
      assert.equal(status, 500);
      // Allocation and status go on.
      const told = { status: { allocatedIPCount: 1 } };
      assert.equal((await plane.adminRequest('PATCH', `${pools}/a/status`, told)).status, 200);
      assert.equal((await plane.adminRequest('DELETE', `${pools}/a`)).status, 200);
      assert.equal(await change({ finalizers: null }), 200);
      assert.equal((await plane.adminRequest('GET', `${pools}/a`)).status, 404);
    });
  });
});
