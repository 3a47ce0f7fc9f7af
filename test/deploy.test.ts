import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { parseManifests } from '../src/api/manifest.ts';
import { apiVersion } from '../src/api/resources.ts';
import { parseNetworkConfig } from '../src/cni/parse-config.ts';
import { parseConf } from '../src/config/conf.ts';
import { defaultPaths } from '../src/config/paths.ts';
import { type KubeResource, kubeResources, resourcePath } from '../src/kube/resource-path.ts';
import { untilAllowed } from './support/access-review.ts';
import type { AdminResponse } from './support/admin-client.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { createMultusCrd } from './support/multus-crd.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifestFolder = join(root, 'deploy/manifests');
const exampleFolder = join(root, 'docs/examples/cluster');
const account = { namespace: 'spiderpool', name: 'spiderpool-agent' };
const agent = `system:serviceaccount:${account.namespace}:${account.name}`;

/** The part of an object that the tests read. */
interface Stored {
  readonly metadata: { readonly labels?: object; readonly finalizers?: readonly string[] };
  readonly spec?: object;
  readonly status?: object;
}

/** What a pod's template has, as far as the tests read it. */
interface Container {
  readonly name: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly mountPropagation?: string;
  }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}

interface Probe {
  readonly httpGet: { readonly host: string; readonly port: number; readonly path: string };
}

interface DaemonSet {
  readonly spec: {
    readonly updateStrategy: { readonly rollingUpdate: { readonly maxSurge: number } };
    readonly template: {
      readonly spec: {
        readonly hostNetwork: boolean;
        readonly containers: readonly Container[];
        readonly volumes: readonly { readonly name: string; readonly hostPath?: { readonly path: string } }[];
      };
    };
  };
}

interface ClusterRole {
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

/** The first object of a kind in `deploy/manifests`, or the one of this name. */
function manifest(kind: string, name?: string): unknown {
  const files = globSync('*.yaml', { cwd: manifestFolder }).toSorted();
  const documents = files.flatMap((file) => loadAll(readFileSync(join(manifestFolder, file), 'utf8')));
  const found = documents.find((document) => {
    const object = document as { kind?: unknown; metadata?: { name?: unknown } } | null;
    return object?.kind === kind && (name === undefined || object.metadata?.name === name);
  });
  assert.ok(found !== undefined, `deploy/manifests has no ${kind} ${name ?? ''}`);
  return found;
}

function messageOf({ body, text }: AdminResponse): string {
  const message = (body as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' ? message : text;
}

function storedIn({ body }: AdminResponse): Stored {
  return body as Stored;
}

const blockName = 'v4-0a060000';
/** A record as the API server has to keep it: nobody knows `later`. */
const slotRecord = {
  pool: 'a',
  holders: [{ uid: 'u', netns: { path: '/p', inode: '4026531840' } }],
  later: [1.5, 'x'],
};

function block(slots: readonly unknown[]) {
  return {
    apiVersion,
    kind: 'SpiderIPBlock',
    metadata: { name: blockName },
    spec: { base: '10.6.0.0', range: '10.6.0.0-10.6.0.63', slots },
  };
}

function freeSlots(count: number): readonly object[] {
  return Array.from({ length: count }, () => ({}));
}

function pathOf(resource: KubeResource, name: string): string {
  const isNamespaced = resource === kubeResources.endpoints;
  return resourcePath(resource, { name, ...(isNamespaced && { namespace: 'default' }) });
}

describe('deploy', () => {
  const blocks = resourcePath(kubeResources.blocks);
  let plane: ControlPlane;

  before(async () => {
    plane = await startControlPlane();
    // What examples use of Multus.
    await createMultusCrd(plane);
    // In one call, as the documents say: the namespace's file comes first.
    await plane.kubectl(['apply', '--validate=strict', '--warnings-as-errors', '-f', manifestFolder]);
    // They refuse every pool while no controller runs; deploy-controller.test.ts looks at them.
    await plane.kubectl(['delete', '-f', join(manifestFolder, '40-webhooks.yaml')]);
    const created = await plane.adminRequest('POST', blocks, block([slotRecord, ...freeSlots(63)]));
    assert.equal(created.status, 201);
  });

  after(async () => plane?.[Symbol.asyncDispose]());

  /** Applies an object as a person does, and reads it back. */
  async function applied(resource: KubeResource, object: object, name: string): Promise<Stored> {
    await plane.kubectl(['apply', '--validate=strict', '-f', '-'], { stdin: JSON.stringify(object) });
    return storedIn(await plane.adminRequest('GET', pathOf(resource, name)));
  }

  async function patched(resource: KubeResource, name: string, patch: object): Promise<AdminResponse> {
    const contentType = Array.isArray(patch) ? 'application/json-patch+json' : 'application/merge-patch+json';
    return plane.adminRequest('PATCH', pathOf(resource, name), patch, { contentType });
  }

  describe('objects made for the original apply unchanged', () => {
    test('SpiderIPPool keeps every field, its finalizer and a status of exact counts', async () => {
      const selector = {
        matchLabels: { app: 'web' },
        matchExpressions: [
          { key: 'tier', operator: 'NotIn', values: ['batch'] },
          { key: 'x', operator: 'Exists' },
        ],
      };
      const spec = {
        ipVersion: 6,
        subnet: 'fd00:6::/64',
        ips: ['fd00:6::10-fd00:6::20', 'fd00:6::30'],
        excludeIPs: ['fd00:6::11'],
        gateway: 'fd00:6::1',
        routes: [{ dst: 'fd00:99::/64', gw: 'fd00:6::2' }],
        podAffinity: selector,
        namespaceAffinity: selector,
        nodeAffinity: selector,
        namespaceName: ['default'],
        nodeName: ['node-1', 'node-2'],
        multusName: ['kube-system/vlan6'],
        default: true,
        disable: true,
      };
      const metadata = {
        name: 'whole',
        labels: { 'ipam.spidernet.io/ippool-cidr': 'fd00-6---64' },
        finalizers: ['spiderpool.spidernet.io'],
      };
      const object = { apiVersion, kind: 'SpiderIPPool', metadata, spec };
      const stored = await applied(kubeResources.pools, object, 'whole');
      assert.deepEqual(stored.spec, spec);
      assert.deepEqual(stored.metadata.labels, metadata.labels);
      assert.deepEqual(stored.metadata.finalizers, metadata.finalizers);
      const record = { 'fd00:6::10': { pod: 'default/web-0', podUid: '0b0c' } };
      const status = `{"allocatedIPs":${JSON.stringify(JSON.stringify(record))},"totalIPCount":9223372036854775807,"allocatedIPCount":1}`;
      const path = pathOf(kubeResources.pools, 'whole');
      const { status: code } = await plane.adminRequest('PATCH', `${path}/status`, `{"status":${status}}`, {
        contentType: 'application/merge-patch+json',
      });
      assert.equal(code, 200);
      const { text } = await plane.adminRequest('GET', path);
      assert.match(text, /"totalIPCount":9223372036854775807/);
      assert.deepEqual(storedIn(await plane.adminRequest('GET', path)).status, JSON.parse(status));
    });

    test('SpiderIPPool has default and disable off and needs only its subnet', async () => {
      const object = {
        apiVersion,
        kind: 'SpiderIPPool',
        metadata: { name: 'short' },
        spec: { subnet: '10.1.0.0/16' },
      };
      const stored = await applied(kubeResources.pools, object, 'short');
      assert.deepEqual(stored.spec, { subnet: '10.1.0.0/16', default: false, disable: false });
      // The status is a subresource: a change of the object leaves it alone.
      await patched(kubeResources.pools, 'short', { status: { allocatedIPCount: 7 } });
      assert.equal(
        storedIn(await plane.adminRequest('GET', pathOf(kubeResources.pools, 'short'))).status,
        undefined,
      );
    });

    test('SpiderSubnet keeps its fields and its status', async () => {
      const spec = {
        ipVersion: 4,
        subnet: '10.2.0.0/16',
        ips: ['10.2.0.10-10.2.0.20'],
        excludeIPs: ['10.2.0.11'],
        gateway: '10.2.0.1',
        routes: [{ dst: '10.99.0.0/16', gw: '10.2.0.2' }],
      };
      const metadata = {
        name: 'office',
        labels: { 'ipam.spidernet.io/subnet-cidr': '10-2-0-0-16' },
        finalizers: ['spiderpool.spidernet.io'],
      };
      const object = { apiVersion, kind: 'SpiderSubnet', metadata, spec };
      assert.deepEqual((await applied(kubeResources.subnets, object, 'office')).spec, spec);
      const status = {
        controlledIPPools:
          '{"auto4-web":{"ips":["10.2.0.10-10.2.0.12"],"application":"apps_v1_Deployment_default_web"}}',
        totalIPCount: 10,
        allocatedIPCount: 3,
      };
      const path = pathOf(kubeResources.subnets, 'office');
      assert.equal((await plane.adminRequest('PATCH', `${path}/status`, { status })).status, 200);
      assert.deepEqual(storedIn(await plane.adminRequest('GET', path)).status, status);
    });

    test('SpiderReservedIP keeps its fields', async () => {
      const spec = { ipVersion: 4, ips: ['10.6.0.10', '10.6.0.20-10.6.0.29'] };
      const object = { apiVersion, kind: 'SpiderReservedIP', metadata: { name: 'printers' }, spec };
      assert.deepEqual((await applied(kubeResources.reservedIps, object, 'printers')).spec, spec);
    });

    test('SpiderEndpoint keeps its status without a subresource, and its finalizer', async () => {
      const nic = {
        interface: 'eth0',
        ipv4: '10.6.0.10/16',
        ipv4Pool: 'vlan6-v4',
        ipv4Gateway: '10.6.0.1',
        ipv6: 'fd00:6::10/64',
        ipv6Pool: 'vlan6-v6',
        ipv6Gateway: 'fd00:6::1',
        cleanGateway: false,
        routes: [{ dst: '10.99.0.0/16', gw: '10.6.0.2' }],
        mac: '02:00:00:00:00:01',
      };
      const status = {
        current: { uid: 'u', node: 'node-1', ips: [nic, { interface: 'net1', vlan: 4094 }] },
        ownerControllerType: 'Deployment',
        ownerControllerName: 'web',
      };
      const metadata = { name: 'web-0', namespace: 'default', finalizers: ['spiderpool.spidernet.io'] };
      const object = { apiVersion, kind: 'SpiderEndpoint', metadata, status };
      const stored = await applied(kubeResources.endpoints, object, 'web-0');
      const ips = [
        { ...nic, vlan: 0 },
        { interface: 'net1', vlan: 4094 },
      ];
      assert.deepEqual(stored.status, { ...status, current: { ...status.current, ips } });
      assert.deepEqual(stored.metadata.finalizers, metadata.finalizers);
    });
  });

  test('kubectl get prints the columns of the original', async () => {
    const columns = async (...args: string[]) => {
      const { stdout } = await plane.kubectl(['get', ...args]);
      return stdout.split('\n')[0]?.trim().split(/\s+/).join(' ');
    };
    await applied(
      kubeResources.pools,
      {
        apiVersion,
        kind: 'SpiderIPPool',
        metadata: { name: 'shown' },
        spec: { ipVersion: 4, subnet: '10.9.0.0/16' },
      },
      'shown',
    );
    const pool = 'NAME VERSION SUBNET ALLOCATED-IP-COUNT TOTAL-IP-COUNT';
    assert.equal(await columns('sp'), `${pool} DEFAULT`);
    assert.equal(
      await columns('sp', '-o', 'wide'),
      `${pool} DEFAULT DISABLE NODENAME MULTUSNAME APP-NAMESPACE`,
    );
    assert.equal(await columns('ss'), pool);
    assert.equal(await columns('sr'), 'NAME VERSION');
    assert.equal(await columns('se', '-n', 'default'), 'NAME INTERFACE IPV4POOL IPV4 IPV6POOL IPV6 NODE');
    assert.equal(await columns('sb'), 'NAME RANGE AGE');
    const { stdout } = await plane.kubectl(['get', 'spiderpool', '-A', '-o', 'name']);
    const kinds = new Set(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('.')[0] ?? ''),
    );
    const plurals = ['spiderendpoint', 'spideripblock', 'spiderippool', 'spiderreservedip', 'spidersubnet'];
    assert.deepEqual([...kinds].toSorted(), plurals);
  });

  describe('what the API server refuses without a webhook', () => {
    const refused = [
      ['another subnet', { spec: { subnet: '10.4.0.0/16' } }, /subnet is immutable/],
      ['no subnet', { spec: { subnet: null } }, /spec\.subnet: Required value/],
      ['another ipVersion', { spec: { ipVersion: 6 } }, /ipVersion is immutable/],
      ['an ipVersion that is none', { spec: { ipVersion: 5 } }, /Unsupported value: 5/],
      ['no spec', { spec: null }, /spec: Required value/],
    ] as const;
    for (const [index, resource] of [kubeResources.pools, kubeResources.subnets].entries()) {
      const kind = ['SpiderIPPool', 'SpiderSubnet'][index];
      const name = `fixed-${index}`;
      const setVersion = async (ipVersion: number | null) => patched(resource, name, { spec: { ipVersion } });

      test(`${kind} keeps its subnet, and its ipVersion once it has one`, async () => {
        const object = { apiVersion, kind, metadata: { name }, spec: { subnet: '10.3.0.0/16' } };
        await applied(resource, object, name);
        assert.match(messageOf(await setVersion(6)), /ipVersion is not that of subnet/);
        assert.equal((await setVersion(4)).status, 200);
        for (const [title, patch, message] of refused) {
          const answer = await patched(resource, name, patch);
          assert.equal(answer.status, 422, title);
          assert.match(messageOf(answer), message, title);
        }
        assert.equal((await patched(resource, name, { spec: { ips: ['10.3.0.1'] } })).status, 200);
        // A manifest need not repeat what was filled in for it, but there is no way round either.
        assert.equal((await setVersion(null)).status, 200);
        assert.equal((await setVersion(6)).status, 422);
      });
    }

    test('SpiderReservedIP keeps its ipVersion', async () => {
      const object = {
        apiVersion,
        kind: 'SpiderReservedIP',
        metadata: { name: 'fixed' },
        spec: { ips: ['10.3.0.1'] },
      };
      await applied(kubeResources.reservedIps, object, 'fixed');
      assert.equal(
        (await patched(kubeResources.reservedIps, 'fixed', { spec: { ipVersion: 4 } })).status,
        200,
      );
      assert.equal(
        (await patched(kubeResources.reservedIps, 'fixed', { spec: { ipVersion: 6 } })).status,
        422,
      );
    });

    test('SpiderEndpoint needs current and the owner', async () => {
      const path = resourcePath(kubeResources.endpoints, { namespace: 'default' });
      const endpoint = { apiVersion, kind: 'SpiderEndpoint', metadata: { name: 'bad' } };
      const answer = await plane.adminRequest('POST', path, {
        ...endpoint,
        status: { current: { ips: [{}] } },
      });
      assert.equal(answer.status, 422);
      for (const field of [
        'current.uid',
        'current.node',
        'current.ips[0].interface',
        'ownerControllerName',
      ]) {
        assert.ok(messageOf(answer).includes(`status.${field}: Required value`), field);
      }
    });
  });

  describe('SpiderIPBlock', () => {
    test('SpiderIPBlock keeps what it does not know of a slot, and an empty one', async () => {
      const { spec } = storedIn(await plane.adminRequest('GET', pathOf(kubeResources.blocks, blockName)));
      assert.deepEqual(spec, block([slotRecord, ...freeSlots(63)]).spec);
    });

    test('SpiderIPBlock takes a slot on the condition of what it was', async () => {
      const patch = (expected: object) => [
        { op: 'test', path: '/spec/slots/1', value: expected },
        { op: 'replace', path: '/spec/slots/1', value: { ...slotRecord, pool: 'b' } },
      ];
      assert.equal((await patched(kubeResources.blocks, blockName, patch({ pool: 'x' }))).status, 422);
      assert.equal((await patched(kubeResources.blocks, blockName, patch({}))).status, 200);
      assert.equal((await patched(kubeResources.blocks, blockName, patch({}))).status, 422);
      assert.equal(
        (await patched(kubeResources.blocks, blockName, patch({ ...slotRecord, pool: 'b' }))).status,
        200,
      );
    });

    test('SpiderIPBlock has exactly 64 slots, each an object', async () => {
      const slots = '/spec/slots';
      const changes = [
        [{ op: 'remove', path: `${slots}/5` }],
        [{ op: 'add', path: `${slots}/5`, value: {} }],
        [{ op: 'replace', path: `${slots}/5`, value: null }],
        [{ op: 'replace', path: `${slots}/5`, value: 'free' }],
        [{ op: 'replace', path: '/spec/base', value: '10.6.0.64' }],
        [{ op: 'remove', path: '/spec/base' }],
        [{ op: 'remove', path: slots }],
      ];
      for (const change of changes) {
        const answer = await patched(kubeResources.blocks, blockName, change);
        assert.equal(answer.status, 422, JSON.stringify(change));
      }
      const answer = await plane.adminRequest('POST', blocks, {
        ...block(freeSlots(63)),
        metadata: { name: 'v4-0a060040' },
      });
      assert.equal(answer.status, 422);
      assert.match(messageOf(answer), /should have at least 64 items/);
    });
  });

  describe("the agent's rights", () => {
    const { rules } = manifest('ClusterRole') as ClusterRole;

    before(async () => untilAllowed(plane, account, { group: '', resource: 'pods', verb: 'get' }));

    async function isAllowed(
      verb: string,
      resource: Pick<KubeResource, 'group' | 'plural'>,
      options: { readonly subresource?: string } = {},
    ): Promise<boolean> {
      const { group, plural } = resource;
      const resourceAttributes = { verb, group, resource: plural, namespace: 'default', ...options };
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
      const { body } = await plane.adminRequest('POST', path, { spec: { user: agent, resourceAttributes } });
      return (body as { status: { allowed: boolean } }).status.allowed;
    }

    test('cover every resource that the code names, but for what is the controller’s and its commands’ alone', async () => {
      const foreign = new Set<KubeResource>([
        kubeResources.secrets,
        kubeResources.leases,
        kubeResources.mutatingWebhooks,
        kubeResources.validatingWebhooks,
        kubeResources.admissionPolicies,
        kubeResources.admissionPolicyBindings,
        kubeResources.definitions,
      ]);
      for (const resource of Object.values(kubeResources)) {
        if (foreign.has(resource)) continue;
        const verb = resource === kubeResources.events ? 'create' : 'get';
        assert.ok(await isAllowed(verb, resource), `${verb} ${resource.plural}`);
      }
      for (const verb of ['list', 'create', 'patch'])
        assert.ok(await isAllowed(verb, kubeResources.blocks), verb);
      for (const verb of ['list', 'watch', 'create', 'update', 'patch', 'delete']) {
        assert.ok(await isAllowed(verb, kubeResources.endpoints), verb);
      }
      const { pods, namespaces, nodes, pools, reservedIps } = kubeResources;
      for (const resource of [pods, namespaces, nodes, pools, reservedIps]) {
        for (const verb of ['list', 'watch']) assert.ok(await isAllowed(verb, resource), resource.plural);
      }
    });

    test('name single resources and verbs, and none that the code does not name', () => {
      const named = new Set([
        ...Object.values(kubeResources).map(({ group, plural }) => `${plural}.${group}`),
        // Read by what is to come: pools of applications, and the exemption of a migrating machine from probes.
        'spidersubnets.spiderpool.spidernet.io',
        'virtualmachineinstancemigrations.kubevirt.io',
      ]);
      for (const { apiGroups, resources, verbs } of rules) {
        assert.equal(apiGroups.length, 1);
        assert.ok(verbs.every((verb) => /^[a-z]+$/.test(verb)));
        for (const resource of resources) assert.ok(named.has(`${resource}.${apiGroups[0]}`), resource);
      }
    });

    const writes = ['create', 'update', 'patch', 'delete', 'deletecollection'];
    const denied: readonly (readonly [
      plural: string,
      group: string,
      verbs: readonly string[],
      subresource?: string,
    ])[] = [
      ['pods', '', writes],
      ['pods', '', ['create', 'get'], 'exec'],
      ['pods', '', ['update', 'patch'], 'status'],
      ['namespaces', '', writes],
      ['nodes', '', writes],
      ['secrets', '', ['get', 'list', 'watch']],
      ['configmaps', '', ['get', 'list', 'watch', ...writes]],
      ['serviceaccounts', '', ['create'], 'token'],
      ['events', '', ['delete', 'deletecollection', 'list', 'watch']],
      ['spiderippools', 'spiderpool.spidernet.io', writes],
      ['spiderippools', 'spiderpool.spidernet.io', ['update', 'patch'], 'status'],
      ['spiderreservedips', 'spiderpool.spidernet.io', writes],
      ['spidersubnets', 'spiderpool.spidernet.io', writes],
      ['spidercoordinators', 'spiderpool.spidernet.io', writes],
      // The controller alone deletes blocks, and a watch of them would cost what the agent must not cost.
      ['spideripblocks', 'spiderpool.spidernet.io', ['delete', 'deletecollection', 'update', 'watch']],
      ['spiderendpoints', 'spiderpool.spidernet.io', ['deletecollection']],
      ['statefulsets', 'apps', ['list', 'watch', ...writes]],
      ['leases', 'coordination.k8s.io', ['get', 'create', 'update']],
      ['clusterroles', 'rbac.authorization.k8s.io', ['bind', 'escalate', ...writes]],
    ];
    for (const [plural, group, verbs, subresource] of denied) {
      const title = subresource === undefined ? plural : `${plural}/${subresource}`;
      test(`do not let it ${verbs.join(', ')} ${title}`, async () => {
        for (const verb of verbs) {
          const allowed = await isAllowed(verb, { group, plural }, { ...(subresource && { subresource }) });
          assert.equal(allowed, false, verb);
        }
      });
    }
  });

  describe('the manifests fit the agent', () => {
    const { spec } = manifest('DaemonSet') as DaemonSet;
    const pod = spec.template.spec;
    const [container] = pod.containers;
    assert.ok(container !== undefined);
    const pathOnHost = (mountPath: string): string | undefined => {
      const mount = container.volumeMounts.find((each) => each.mountPath === mountPath);
      return pod.volumes.find(({ name }) => name === mount?.name)?.hostPath?.path;
    };

    test('ConfigMap spiderpool-conf is accepted, and all it switches on has an effect', () => {
      const { data } = manifest('ConfigMap') as { data: Record<string, string> };
      const { conf, warnings } = parseConf(data['conf.yml'] ?? '', 'conf.yml');
      assert.deepEqual(warnings, []);
      assert.ok(conf.enableIPv4 && conf.enableIPv6);
      assert.equal(conf.ipamUnixSocketPath, defaultPaths.socket);
    });

    test('DaemonSet mounts what the agent, the plugin and the runtime share at the same paths', () => {
      assert.equal(pathOnHost(dirname(defaultPaths.socket)), dirname(defaultPaths.socket));
      assert.equal(pathOnHost(defaultPaths.stateFolder), defaultPaths.stateFolder);
      assert.equal(pathOnHost('/run/netns'), '/run/netns');
      const netns = container.volumeMounts.find(({ mountPath }) => mountPath === '/run/netns');
      assert.equal(netns?.mountPropagation, 'HostToContainer');
    });

    test('DaemonSet starts the agent with the file of the ConfigMap', () => {
      const config = container.volumeMounts.find(({ name }) => name === 'config');
      assert.deepEqual(container.command, [
        'spiderpool-agent',
        'daemon',
        '--config-path',
        join(config?.mountPath ?? '', 'conf.yml'),
      ]);
      const env = new Map(container.env.map(({ name, value }) => [name, value]));
      for (const name of ['SPIDERPOOL_NODE_NAME', 'SPIDERPOOL_POD_NAMESPACE', 'SPIDERPOOL_POD_NAME']) {
        assert.ok(env.has(name), name);
      }
      for (const [name, probe] of Object.entries({
        startup: container.startupProbe,
        liveness: container.livenessProbe,
        readiness: container.readinessProbe,
      })) {
        const { host, port, path } = probe.httpGet;
        assert.equal(
          `${host}:${port}${path}`,
          `127.0.0.1:${env.get('SPIDERPOOL_HEALTH_PORT')}/v1/runtime/${name}`,
        );
      }
    });

    test('DaemonSet never runs two agents on a node', () => {
      assert.equal(spec.updateStrategy.rollingUpdate.maxSurge, 0);
      assert.ok(pod.hostNetwork);
    });
  });

  describe('docs/examples/cluster', () => {
    for (const file of globSync('*.yaml', { cwd: exampleFolder })) {
      test(`${file} is accepted by the API server without a remark`, async () => {
        const path = join(exampleFolder, file);
        const args = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', path];
        const { stdout } = await plane.kubectl(args);
        assert.match(stdout, /created \(server dry run\)/);
      });
    }

    test('pools.yaml is accepted by the agent without a remark', () => {
      const { resources, problems } = parseManifests(
        readFileSync(join(exampleFolder, 'pools.yaml'), 'utf8'),
        'pools.yaml',
      );
      assert.deepEqual(problems, []);
      assert.ok(resources.length > 0);
    });

    test('networks.yaml has network configurations that are accepted', () => {
      const documents = loadAll(readFileSync(join(exampleFolder, 'networks.yaml'), 'utf8'));
      for (const document of documents) {
        const { spec } = document as { spec: { config: string } };
        assert.doesNotThrow(() => parseNetworkConfig(JSON.parse(spec.config)));
      }
    });
  });
});
