import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { resolveControllerOptions } from '../daemon/controller/resolve-controller-options.ts';
import {
  manifestFiles,
  readManifestFiles,
  readValuesFiles,
  valuesFiles,
} from '../scripts/lib/chart-manifests.ts';
import { parseNetworkConfig } from '../src/cni/parse-config.ts';
import { parseConf } from '../src/config/conf.ts';
import {
  chartFolder,
  objectOf,
  type RenderedObject,
  renderChart,
  renderText,
  runHelm,
} from './support/render-chart.ts';

interface Container {
  readonly image: string;
  readonly imagePullPolicy: string;
  readonly command: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly securityContext: object;
  readonly resources: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

interface Probe {
  readonly httpGet: { readonly host?: string; readonly port: number };
  readonly failureThreshold: number;
  readonly periodSeconds: number;
}

interface PodSpec {
  readonly serviceAccountName: string;
  readonly hostNetwork: boolean;
  readonly affinity?: object;
  readonly imagePullSecrets?: readonly object[];
  readonly tolerations: readonly object[];
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly hostPath?: { readonly path: string };
    readonly secret?: object;
  }[];
}

interface Workload {
  readonly replicas?: number;
  readonly backoffLimit?: number;
  readonly strategy?: object;
  readonly updateStrategy?: { readonly rollingUpdate?: { readonly maxSurge: number } };
  readonly template: {
    readonly metadata: {
      readonly labels: Readonly<Record<string, string>>;
      readonly annotations: Readonly<Record<string, string>>;
    };
    readonly spec: PodSpec;
  };
}

interface Rule {
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A certificate in name only: helm looks no deeper. */
const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const pools = {
  installIPv4IPPool: true,
  ipv4Subnet: '10.6.0.0/16',
  ipv4IPRanges: ['10.6.0.10-10.6.0.90', '10.6.0.95'],
  ipv4Gateway: '10.6.0.1',
  installIPv6IPPool: true,
  ipv6Subnet: 'fd00:6::/64',
  ipv6IPRanges: ['fd00:6::10-fd00:6::90'],
};
const tls = (values: object): object => ({ spiderpoolController: { tls: values } });

function workloadOf(objects: readonly RenderedObject[], kind: string, name: string): Workload {
  return objectOf(objects, kind, name)['spec'] as Workload;
}

function containerOf({ template }: Workload): Container {
  const [container] = template.spec.containers;
  assert.ok(container !== undefined);
  return container;
}

function envOf(container: Container): ReadonlyMap<string, string> {
  return new Map(container.env.map(({ name, value }) => [name, value ?? 'any']));
}

function rulesOf(objects: readonly RenderedObject[], kind: string, name: string): readonly Rule[] {
  return objectOf(objects, kind, name)['rules'] as readonly Rule[];
}

function dataOf(objects: readonly RenderedObject[], kind: string, name: string): Record<string, string> {
  return objectOf(objects, kind, name)['data'] as Record<string, string>;
}

async function agentOf(values: object): Promise<Workload> {
  return workloadOf(await renderChart({ values }), 'DaemonSet', 'spiderpool-agent');
}

/** The budget's spec without its selector; undefined when there is none. */
async function budgetOf(podDisruptionBudget: object): Promise<object | undefined> {
  const objects = await renderChart({ values: { spiderpoolController: { podDisruptionBudget } } });
  const found = objects.find(({ kind }) => kind === 'PodDisruptionBudget');
  if (found === undefined) return undefined;
  const { selector: _, ...spec } = found['spec'] as { readonly selector: object };
  return spec;
}

function bundlesOf(objects: readonly RenderedObject[]): readonly unknown[] {
  const configurations = objects.filter(({ kind }) => kind.endsWith('WebhookConfiguration'));
  assert.equal(configurations.length, 2);
  return configurations.flatMap(({ webhooks }) =>
    (webhooks as readonly { clientConfig: { caBundle?: string } }[]).map(
      ({ clientConfig }) => clientConfig.caBundle,
    ),
  );
}

async function controllerOf(values: object): Promise<Workload> {
  return workloadOf(await renderChart({ values }), 'Deployment', 'spiderpool-controller');
}

describe('the chart', () => {
  test('has the version of the project', () => {
    const { version } = JSON.parse(readFileSync(join(chartFolder, '../../package.json'), 'utf8')) as {
      version: string;
    };
    const chart = load(readFileSync(join(chartFolder, 'Chart.yaml'), 'utf8')) as Record<string, unknown>;
    assert.equal(chart['name'], 'spiderpool');
    assert.equal(chart['version'], version);
    assert.equal(chart['appVersion'], version);
  });

  test('is what schema, table and manifests were made from: else run node scripts/manifests.ts', async () => {
    assert.deepEqual(await readValuesFiles(), await valuesFiles());
    assert.deepEqual(await readManifestFiles(), await manifestFiles());
  });

  test('passes helm lint --strict, with everything on too', async () => {
    const everything = {
      clusterDefaultPool: pools,
      cni: { install: true, master: 'eth0' },
      spiderpoolController: { tls: { method: 'certmanager' }, cleanup: { enable: true } },
    };
    for (const values of [{}, everything]) {
      const { exitCode, stdout, stderr } = await runHelm(
        ['lint', '--strict', '--kube-version', '1.34', chartFolder],
        { values },
      );
      assert.equal(exitCode, 0, stdout + stderr);
    }
  });

  test('refuses a cluster without admission policies', async () => {
    const old = await runHelm(['template', 'spiderpool', chartFolder, '--kube-version', '1.29.9']);
    assert.notEqual(old.exitCode, 0);
    assert.match(old.stderr, /requires kubeVersion: >=1\.30/);
    assert.equal(
      (await runHelm(['template', 'spiderpool', chartFolder, '--kube-version', '1.30.0-gke.1'])).exitCode,
      0,
    );
  });

  test('installs into the namespace of the release, and no other', async () => {
    const objects = await renderChart({
      namespace: 'elsewhere',
      values: { clusterDefaultPool: pools, cni: { install: true, master: 'eth0' } },
    });
    assert.ok(objects.length > 30);
    for (const { kind, metadata, ...object } of objects) {
      if (metadata.namespace !== undefined)
        assert.equal(metadata.namespace, 'elsewhere', `${kind} ${metadata.name}`);
      assert.doesNotMatch(JSON.stringify(object), /"namespace":"spiderpool"/, `${kind} ${metadata.name}`);
    }
  });

  test('gives every object the common labels and annotations', async () => {
    const global = { commonLabels: { team: 'net' }, commonAnnotations: { owner: 'ops' } };
    for (const { kind, metadata } of await renderChart({ values: { global, clusterDefaultPool: pools } })) {
      assert.equal(metadata.labels?.['team'], 'net', `${kind} ${metadata.name}`);
      assert.equal(metadata.labels?.['app.kubernetes.io/instance'], 'spiderpool');
      assert.equal(metadata.annotations?.['owner'], 'ops', `${kind} ${metadata.name}`);
    }
  });
});

describe('values of the chart', () => {
  const refused: readonly (readonly [title: string, values: object, message: RegExp])[] = [
    ['an unknown section', { ipams: {} }, /additional properties 'ipams' not allowed/],
    [
      'a mistyped key',
      { ipam: { enableIPv5: true } },
      /at '\/ipam': additional properties 'enableIPv5' not allowed/,
    ],
    ['an unknown global', { global: { registry: 'a' } }, /global\.registry is not known/],
    [
      'text for a switch',
      { ipam: { enableIPv4: 'yes' } },
      /at '\/ipam\/enableIPv4': got string, want boolean/,
    ],
    [
      'a port that is none',
      { spiderpoolController: { webhookPort: 70_000 } },
      /at '\/spiderpoolController\/webhookPort': maximum: got 70,000, want 65,535/,
    ],
    [
      'an unknown method',
      tls({ method: 'self' }),
      /tls\/method': value must be one of 'auto', 'provided', 'certmanager'/,
    ],
    [
      'two agents on a node',
      { spiderpoolAgent: { updateStrategy: { rollingUpdate: { maxSurge: 1 } } } },
      /maxSurge': value must be 0/,
    ],
    ['another name of the agents', { spiderpoolAgent: { name: 'a' } }, /must be 'spiderpool-agent'/],
    ['no controller', { spiderpoolController: { replicas: 0 } }, /replicas': minimum: got 0, want 1/],
    [
      'a relative path of the socket',
      { global: { ipamUNIXSocketHostPath: 'a.sock' } },
      /ipamUNIXSocketHostPath': 'a.sock' does not match pattern/,
    ],
    ['no family', { ipam: { enableIPv4: false, enableIPv6: false } }, /set one of them to true/],
    [
      'a provider that pods depend on',
      { iaasNetworkProvider: { serverUrl: 'https://iaas' } },
      /iaasNetworkProvider\.serverUrl is set/,
    ],
    ['a network without a NIC', { cni: { install: true } }, /cni\.master is empty: write the NIC/],
    [
      'a network without a bridge',
      { cni: { install: true, type: 'bridge' } },
      /cni\.bridge is empty: write the name/,
    ],
    [
      'plugins that ask for no address',
      { cni: { install: true, plugins: [{ type: 'macvlan', master: 'eth0' }] } },
      /no plugin with ipam\.type "spiderpool"/,
    ],
    [
      'a pool without a subnet',
      { clusterDefaultPool: { installIPv4IPPool: true } },
      /clusterDefaultPool\.ipv4Subnet is empty: write the subnet of the pool, such as 172\.18\.40\.0\/24/,
    ],
    [
      'a pool of the other family',
      { clusterDefaultPool: { ...pools, ipv6Subnet: '10.0.0.0/8' } },
      /ipv6Subnet is "10\.0\.0\.0\/8", which is no IPv6 subnet/,
    ],
    [
      'a pool without addresses',
      { clusterDefaultPool: { ...pools, ipv4IPRanges: [] } },
      /clusterDefaultPool\.ipv4IPRanges is empty: write the addresses/,
    ],
    [
      'a pool of a family that is off',
      { ipam: { enableIPv6: false }, clusterDefaultPool: pools },
      /ipam\.enableIPv6 switches off/,
    ],
    [
      'half a certificate',
      tls({ method: 'provided', provided: { tlsCert: pem } }),
      /tlsCert and \.tlsKey belong together/,
    ],
    [
      'a certificate that is none',
      tls({ method: 'provided', provided: { tlsCert: 'abcd', tlsKey: pem } }),
      /tls\.provided\.tlsCert is no PEM/,
    ],
  ];
  for (const [title, values, message] of refused) {
    test(`refuse ${title}, and say what to write`, async () => {
      await assert.rejects(renderText({ values }), ({ message: text }: Error) => {
        assert.match(text, message);
        return true;
      });
    });
  }

  test('of the original are taken, and change nothing where they have no effect', async () => {
    const image = { registry: 'ghcr.io', tag: 'v1.1.0' };
    const original = {
      global: { ciliumConfigMap: 'kube-system/cilium-config' },
      coordinator: { enabled: true, mode: 'auto' },
      rdma: { rdmaSharedDevicePlugin: { install: true } },
      sriov: { install: true },
      plugins: { installCNI: true },
      spiderpoolInit: { binName: '/usr/bin/spiderpool-init' },
      multus: { enableMultusConfig: true, multusCNI: { install: true, image: { tag: 'v4' } } },
      spiderpoolAgent: {
        binName: '/usr/bin/spiderpool-agent',
        image: { ...image, repository: 'spidernet-io/spiderpool/spiderpool-agent' },
        service: { type: 'ClusterIP', annotations: {} },
        debug: { gopsPort: 5712 },
      },
      spiderpoolController: {
        image: { ...image, repository: 'spidernet-io/spiderpool/spiderpool-controller' },
        podResourceInject: { enabled: true },
        tls: { auto: { caExpiration: '73000' } },
      },
    };
    assert.deepEqual(await renderChart({ values: original }), await renderChart());
  });

  test('of a chart that has this one as a part may have globals of their own', () => {
    const schema = JSON.parse(readFileSync(join(chartFolder, 'values.schema.json'), 'utf8')) as {
      properties: Record<string, { additionalProperties?: boolean; type: string }>;
    };
    assert.equal(schema.properties['global']?.additionalProperties, true);
    assert.equal(schema.properties['enabled']?.type, 'boolean');
    for (const [name, { additionalProperties }] of Object.entries(schema.properties)) {
      if (name !== 'global') assert.notEqual(additionalProperties, true, name);
    }
  });
});

describe('agents and controllers of the chart', () => {
  test('are probed where nodes of the families listen', async () => {
    for (const [ipam, host] of [
      [{}, '127.0.0.1'],
      [{ enableIPv6: false }, '127.0.0.1'],
      [{ enableIPv4: false }, '::1'],
    ] as const) {
      const objects = await renderChart({ values: { ipam } });
      for (const workload of [
        workloadOf(objects, 'DaemonSet', 'spiderpool-agent'),
        workloadOf(objects, 'Deployment', 'spiderpool-controller'),
      ]) {
        const { startupProbe, livenessProbe, readinessProbe } = containerOf(workload);
        for (const { httpGet } of [startupProbe, livenessProbe, readinessProbe])
          assert.equal(httpGet.host, host);
      }
      const { conf } = parseConf(
        dataOf(objects, 'ConfigMap', 'spiderpool-conf')['conf.yml'] ?? '',
        'conf.yml',
      );
      assert.equal(conf.enableIPv4, host === '127.0.0.1');
      assert.equal(conf.enableIPv6, !('enableIPv6' in ipam));
    }
  });

  test('read what the values switch, and nothing is lost on the way', async () => {
    const values = {
      global: { configName: 'conf', ipamUNIXSocketHostPath: '/run/net/agent.sock' },
      ipam: {
        enableStatefulSet: false,
        spiderSubnet: { enable: true },
        gc: { gcAll: { intervalInSecond: 86_400 }, statelessPod: { zombieOnReadyNode: false } },
      },
      multus: { multusCNI: { defaultCniCRName: 'lan' } },
      spiderpoolAgent: { debug: { logLevel: 'panic' }, httpPort: 6710 },
      spiderpoolController: {
        httpPort: 6720,
        webhookPort: 6722,
        enableValidatingResourcesDeletedWebhook: true,
        prometheus: { enabled: true, port: 6721 },
      },
    };
    const objects = await renderChart({ values });
    const data = dataOf(objects, 'ConfigMap', 'conf');
    const { conf } = parseConf(data['conf.yml'] ?? '', 'conf.yml');
    assert.equal(conf.enableSpiderSubnet, true);
    assert.equal(conf.enableStatefulSet, false);
    assert.equal(conf.enableValidatingResourcesDeletedWebhook, true);
    assert.equal(conf.ipamUnixSocketPath, '/run/net/agent.sock');
    assert.equal(data['clusterNetwork'], 'spiderpool/lan');
    const agent = workloadOf(objects, 'DaemonSet', 'spiderpool-agent');
    assert.equal(envOf(containerOf(agent)).get('SPIDERPOOL_LOG_LEVEL'), 'fatal');
    assert.equal(containerOf(agent).livenessProbe.httpGet.port, 6710);
    assert.ok(agent.template.spec.volumes.some(({ hostPath }) => hostPath?.path === '/run/net'));
    const env = Object.fromEntries(
      envOf(containerOf(workloadOf(objects, 'Deployment', 'spiderpool-controller'))),
    );
    const options = resolveControllerOptions({}, env);
    assert.deepEqual(options.warnings, []);
    assert.equal(options.webhookPort, 6722);
    assert.equal(options.healthPort, 6720);
    assert.equal(options.metricsPort, 6721);
    assert.equal(options.collection.intervalMs, 86_400_000);
    assert.equal(options.collection.onReadyNodes, false);
    assert.equal(options.collection.onNotReadyNodes, true);
  });

  test('start anew when what they read at their start has changed, and only then', async () => {
    const sums = async (values: object): Promise<readonly (string | undefined)[]> => {
      const objects = await renderChart({ values });
      return [
        workloadOf(objects, 'DaemonSet', 'spiderpool-agent'),
        workloadOf(objects, 'Deployment', 'spiderpool-controller'),
      ].map(({ template }) => template.metadata.annotations['checksum/config']);
    };
    const [agent, controller] = await sums({});
    assert.match(agent ?? '', /^[0-9a-f]{64}$/);
    assert.equal(controller, agent);
    assert.deepEqual(await sums({ spiderpoolAgent: { resources: {} } }), [agent, agent]);
    for (const changed of [{ ipam: { enableIPv6: false } }, { cni: { install: true, master: 'eth0' } }]) {
      const [other] = await sums(changed);
      assert.notEqual(other, agent);
    }
  });

  test('come from the registry, tag and digest that are asked for, the Jobs too', async () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const images = async (values: object): Promise<readonly string[]> => {
      const objects = await renderChart({ values: { clusterDefaultPool: pools, ...values } });
      const pods = objects.flatMap(({ kind, spec }) =>
        ['DaemonSet', 'Deployment', 'Job'].includes(kind) ? [(spec as Workload).template.spec] : [],
      );
      assert.equal(pods.length, 4);
      const containers = pods.flatMap((pod) => [...(pod.initContainers ?? []), ...pod.containers]);
      assert.equal(containers.length, 5);
      return [...new Set(containers.map(({ image }) => image))].toSorted();
    };
    const { version } = JSON.parse(readFileSync(join(chartFolder, '../../package.json'), 'utf8')) as {
      version: string;
    };
    assert.deepEqual(await images({}), [`spiderpool/spiderpool:${version}`]);
    assert.deepEqual(await images({ global: { imageRegistryOverride: 'mirror.lan:5000/a/' } }), [
      `mirror.lan:5000/a/spiderpool/spiderpool:${version}`,
    ]);
    assert.deepEqual(
      await images({
        spiderpoolAgent: { image: { registry: 'quay.io', tag: 'next' } },
        spiderpoolController: { image: { repository: 'own/ipam', digest, tag: 'unused' } },
      }),
      [`own/ipam@${digest}`, 'quay.io/spiderpool/spiderpool:next'],
    );
  });

  test('have the arguments, variables, volumes, labels and places that are asked for', async () => {
    const section = {
      extraArgs: ['--log-level', 'debug'],
      extraEnv: [{ name: 'A', value: 'b' }],
      extraVolumes: [{ name: 'more', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
      podAnnotations: { one: '1' },
      podLabels: { two: '2' },
      tolerations: [{ key: 'only', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      image: { pullPolicy: 'Never', imagePullSecrets: [{ name: 'registry' }] },
      resources: { requests: { cpu: '5m' } },
    };
    for (const { template } of [
      await agentOf({ spiderpoolAgent: section }),
      await controllerOf({ spiderpoolController: section }),
    ]) {
      const [container] = template.spec.containers;
      assert.ok(container !== undefined);
      assert.deepEqual(container.command.slice(-2), section.extraArgs);
      assert.deepEqual(container.env.at(-1), section.extraEnv[0]);
      assert.deepEqual(container.volumeMounts.at(-1), section.extraVolumeMounts[0]);
      assert.equal(container.imagePullPolicy, 'Never');
      assert.deepEqual((container.resources as { requests: object }).requests, {
        cpu: '5m',
        memory: '128Mi',
      });
      assert.deepEqual(template.spec.volumes.at(-1), section.extraVolumes[0]);
      assert.deepEqual(template.spec.tolerations, section.tolerations);
      assert.deepEqual(template.spec.affinity, section.affinity);
      assert.deepEqual(template.spec.imagePullSecrets, section.image.imagePullSecrets);
      assert.equal(template.metadata.annotations['one'], '1');
      assert.equal(template.metadata.labels['two'], '2');
    }
  });

  test('are updated in the ways that the API takes', async () => {
    const agent = await agentOf({ spiderpoolAgent: { updateStrategy: { type: 'OnDelete' } } });
    assert.deepEqual(agent.updateStrategy, { type: 'OnDelete' });
    const controller = await controllerOf({ spiderpoolController: { updateStrategy: { type: 'Recreate' } } });
    assert.deepEqual(controller.strategy, { type: 'Recreate' });
    assert.equal((await agentOf({})).updateStrategy?.rollingUpdate?.maxSurge, 0);
  });

  test('a controller with a pod network is probed at its own address', async () => {
    const { template } = await controllerOf({ spiderpoolController: { hostnetwork: false } });
    assert.equal(template.spec.hostNetwork, false);
    assert.equal(template.spec.containers[0]?.readinessProbe.httpGet.host, undefined);
  });

  test('the budget of controllers counts as it is told', async () => {
    assert.deepEqual(await budgetOf({}), { maxUnavailable: 1 });
    assert.deepEqual(await budgetOf({ minAvailable: 1 }), { minAvailable: 1 });
    assert.deepEqual(await budgetOf({ maxUnavailable: '50%' }), { maxUnavailable: '50%' });
    assert.equal(await budgetOf({ enabled: false }), undefined);
  });
});

describe('the network list of the chart', () => {
  async function listOf(values: object): Promise<unknown> {
    const objects = await renderChart({ values });
    return JSON.parse(dataOf(objects, 'ConfigMap', 'spiderpool-network')['10-spiderpool.conflist'] ?? '');
  }

  test('is not installed unless asked for', async () => {
    const objects = await renderChart();
    assert.ok(!objects.some(({ metadata }) => metadata.name === 'spiderpool-network'));
    const agent = workloadOf(objects, 'DaemonSet', 'spiderpool-agent').template.spec;
    assert.ok(!agent.volumes.some(({ hostPath }) => hostPath?.path === '/etc/cni/net.d'));
  });

  test('has a macvlan on the NIC, and the plugin takes it', async () => {
    const list = await listOf({ cni: { install: true, master: 'eth0', mtu: 9000 } });
    assert.deepEqual(list, {
      cniVersion: '1.0.0',
      name: 'spiderpool',
      plugins: [
        {
          type: 'macvlan',
          master: 'eth0',
          mtu: 9000,
          capabilities: { ips: true },
          ipam: { type: 'spiderpool' },
        },
      ],
    });
    const { plugins, ...network } = list as { plugins: readonly object[] };
    assert.doesNotThrow(() => parseNetworkConfig({ ...network, ...plugins[0] }));
  });

  test('has a bridge, or the plugins of the user as they are', async () => {
    const bridge = await listOf({
      global: { ipamUNIXSocketHostPath: '/run/a/b.sock' },
      cni: { install: true, type: 'bridge', bridge: 'br0', name: 'lan' },
    });
    assert.deepEqual((bridge as { plugins: readonly object[] }).plugins, [
      {
        type: 'bridge',
        bridge: 'br0',
        capabilities: { ips: true },
        ipam: { type: 'spiderpool', ipam_unix_socket_path: '/run/a/b.sock' },
      },
    ]);
    const plugins = [
      { type: 'vlan', master: 'eth0', vlanId: 6, ipam: { type: 'spiderpool' } },
      { type: 'tuning', sysctl: { 'net.ipv4.conf.IFNAME.arp_notify': '1' } },
    ];
    const own = await listOf({ cni: { install: true, plugins, cniVersion: '1.1.0' } });
    assert.deepEqual(own, { cniVersion: '1.1.0', name: 'spiderpool', plugins });
  });

  test('is put into place by the init container, from the file of its ConfigMap', async () => {
    const { template } = await agentOf({
      global: { cniConfHostPath: '/etc/own/net.d', cniBinHostPath: '/opt/own/bin' },
      cni: { install: true, master: 'eth0', fileName: '05-lan.conflist' },
    });
    const [install] = template.spec.initContainers ?? [];
    assert.deepEqual(install?.command, [
      'spiderpool-agent',
      'install',
      '--host-root',
      '/host',
      '--bin-dir',
      '/host-cni-bin',
      '--host-bin-dir',
      '/opt/own/bin',
      '--network-config',
      '/tmp/spiderpool/network/05-lan.conflist',
      '--conf-dir',
      '/host-cni-conf',
      '--conf-name',
      '05-lan.conflist',
    ]);
    const pathOf = (mountPath: string): string | undefined => {
      const mount = install?.volumeMounts.find((each) => each.mountPath === mountPath);
      return template.spec.volumes.find(({ name }) => name === mount?.name)?.hostPath?.path;
    };
    assert.equal(pathOf('/host'), '/');
    assert.equal(pathOf('/host-cni-bin'), '/opt/own/bin');
    assert.equal(pathOf('/host-cni-conf'), '/etc/own/net.d');
  });
});

describe('the webhooks’ certificate of the chart', () => {
  const files = ['--tls-server-cert', '/etc/tls/tls.crt', '--tls-server-key', '/etc/tls/tls.key'];
  const encoded = Buffer.from(pem).toString('base64');

  test('is the controllers’ own with auto: they may write one Secret', async () => {
    const objects = await renderChart({ values: tls({ method: 'auto', secretName: 'without-effect' }) });
    const { template } = workloadOf(objects, 'Deployment', 'spiderpool-controller');
    assert.ok(!template.spec.containers[0]?.command.includes('--tls-server-cert'));
    const secrets = rulesOf(objects, 'Role', 'spiderpool-controller').filter(({ resources }) =>
      resources.includes('secrets'),
    );
    assert.deepEqual(
      secrets.map(({ resourceNames }) => resourceNames),
      [undefined, ['spiderpool-controller-server-certs']],
    );
    assert.deepEqual(new Set(bundlesOf(objects)), new Set([undefined]));
  });

  test('is a Secret that is there with provided: nobody may read Secrets by the API', async () => {
    const objects = await renderChart({ values: tls({ method: 'provided', secretName: 'mine' }) });
    const { template } = workloadOf(objects, 'Deployment', 'spiderpool-controller');
    assert.deepEqual(template.spec.containers[0]?.command.slice(-4), files);
    const volume = template.spec.volumes.find(({ name }) => name === 'certificate');
    assert.deepEqual(volume?.secret, { secretName: 'mine' });
    for (const { resources } of rulesOf(objects, 'Role', 'spiderpool-controller'))
      assert.ok(!resources.includes('secrets'));
    assert.ok(!objects.some(({ kind }) => kind === 'Secret'));
    assert.deepEqual(new Set(bundlesOf(objects)), new Set([undefined]));
  });

  test('is made a Secret with provided, from PEM or base64 of it', async () => {
    for (const given of [pem, encoded]) {
      const provided = { tlsCert: given, tlsKey: given, tlsCa: given };
      const objects = await renderChart({ values: tls({ method: 'provided', provided }) });
      assert.deepEqual(dataOf(objects, 'Secret', 'spiderpool-controller-provided-certs'), {
        'tls.crt': encoded,
        'tls.key': encoded,
        'ca.crt': encoded,
      });
      assert.deepEqual(new Set(bundlesOf(objects)), new Set([encoded]));
    }
    const named = tls({ method: 'provided', secretName: 'mine', provided: { tlsCert: pem, tlsKey: pem } });
    const objects = await renderChart({ values: named });
    assert.deepEqual(Object.keys(dataOf(objects, 'Secret', 'mine')), ['tls.crt', 'tls.key']);
  });

  test('is cert-manager’s with certmanager: for the Service, signed by an issuer of its own or of the user', async () => {
    interface Certificate {
      readonly secretName: string;
      readonly duration: string;
      readonly dnsNames?: readonly string[];
      readonly issuerRef: { readonly kind: string; readonly name: string };
    }
    const own = await renderChart({
      namespace: 'net',
      values: { ...tls({ method: 'certmanager' }), global: { clusterDnsDomain: 'k8s.lan' } },
    });
    const certificate = objectOf(own, 'Certificate', 'spiderpool-controller')['spec'] as Certificate;
    assert.deepEqual(certificate.dnsNames, [
      'spiderpool-controller.net.svc',
      'spiderpool-controller.net.svc.k8s.lan',
    ]);
    assert.equal(certificate.duration, '8760h');
    const issuer = objectOf(own, certificate.issuerRef.kind, certificate.issuerRef.name)['spec'] as {
      ca: { secretName: string };
    };
    const ca = objectOf(own, 'Certificate', 'spiderpool-controller-ca')['spec'] as Certificate;
    assert.equal(ca.secretName, issuer.ca.secretName);
    assert.ok(Number.parseInt(ca.duration, 10) > Number.parseInt(certificate.duration, 10));
    const selfSigned = objectOf(own, ca.issuerRef.kind, ca.issuerRef.name)['spec'];
    assert.deepEqual(selfSigned, { selfSigned: {} });
    for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
      const { annotations } = objectOf(own, kind, 'spiderpool-controller').metadata;
      assert.equal(annotations?.['cert-manager.io/inject-ca-from'], 'net/spiderpool-controller');
    }
    const foreign = await renderChart({
      values: tls({
        method: 'certmanager',
        certmanager: { issuerName: 'corp', issuerKind: 'ClusterIssuer', extraIPAddresses: ['10.0.0.1'] },
      }),
    });
    assert.ok(!foreign.some(({ kind }) => kind === 'Issuer'));
    const { issuerRef } = objectOf(foreign, 'Certificate', 'spiderpool-controller')['spec'] as Certificate;
    assert.deepEqual({ ...issuerRef }, { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'corp' });
  });
});

describe('the Jobs of the chart', () => {
  const inPod = ['DaemonSet', 'Deployment'];

  test('are run by Helm with accounts that live as long as they do', async () => {
    for (const [component, event] of [
      ['spiderpool-init', 'post-install,post-upgrade'],
      ['spiderpool-clean', 'post-delete'],
    ]) {
      const objects = await renderChart({ values: { clusterDefaultPool: pools } });
      const ofIt = objects.filter(({ metadata }) => metadata.name === component);
      assert.ok(ofIt.length >= 4, component);
      for (const { kind, metadata } of ofIt) {
        assert.equal(metadata.annotations?.['helm.sh/hook'], event, kind);
        assert.equal(
          metadata.annotations?.['helm.sh/hook-delete-policy'],
          'before-hook-creation,hook-succeeded',
          kind,
        );
        const weight = Number(metadata.annotations?.['helm.sh/hook-weight'] ?? '0');
        assert.equal(weight > 0, kind === 'Job', `${kind} ${weight}`);
      }
      const job = workloadOf(objects, 'Job', component ?? '');
      assert.equal(job.template.spec.serviceAccountName, component);
      // Without a pod network, before the first agent and after the last.
      assert.equal(job.template.spec.hostNetwork, true);
      assert.ok((job.backoffLimit ?? 0) > 0);
      // Nothing selects them that selects agents or controllers, or waits for those.
      for (const kind of inPod) {
        for (const other of objects.filter((object) => object.kind === kind)) {
          const { selector } = other['spec'] as { selector: { matchLabels: Record<string, string> } };
          const entries = Object.entries(selector.matchLabels);
          assert.ok(entries.some(([key, value]) => job.template.metadata.labels[key] !== value));
        }
      }
    }
  });

  test('make the pools that are asked for, as the values say', async () => {
    const none = await renderChart();
    assert.ok(!none.some(({ metadata }) => metadata.name === 'spiderpool-init'));
    const both = await renderChart({ values: { clusterDefaultPool: pools } });
    const env = Object.fromEntries(envOf(containerOf(workloadOf(both, 'Job', 'spiderpool-init'))));
    const prefix = 'SPIDERPOOL_INIT_DEFAULT_IPV';
    assert.equal(env[`${prefix}4_IPPOOL_NAME`], 'default-v4-ippool');
    assert.equal(env[`${prefix}4_IPPOOL_SUBNET`], '10.6.0.0/16');
    assert.deepEqual(JSON.parse(env[`${prefix}4_IPPOOL_IPRANGES`] ?? ''), pools.ipv4IPRanges);
    assert.equal(env[`${prefix}4_IPPOOL_GATEWAY`], '10.6.0.1');
    assert.equal(env[`${prefix}6_IPPOOL_SUBNET`], 'fd00:6::/64');
    assert.equal(env[`${prefix}6_IPPOOL_GATEWAY`], undefined);
    const one = await renderChart({ values: { clusterDefaultPool: { ...pools, installIPv6IPPool: false } } });
    const names = [...envOf(containerOf(workloadOf(one, 'Job', 'spiderpool-init'))).keys()];
    assert.ok(!names.some((name) => name.startsWith(`${prefix}6`)));
  });

  test('delete data and definitions only when they are told to, and may not else', async () => {
    const kept = await renderChart();
    const commandOf = (objects: readonly RenderedObject[]): readonly string[] =>
      containerOf(workloadOf(objects, 'Job', 'spiderpool-clean')).command;
    const mayDelete = (objects: readonly RenderedObject[]): boolean =>
      rulesOf(objects, 'ClusterRole', 'spiderpool-clean').some(
        ({ resources, verbs }) => resources.includes('customresourcedefinitions') && verbs.includes('delete'),
      );
    assert.ok(!commandOf(kept).includes('--data'));
    assert.ok(!mayDelete(kept));
    const deleted = await renderChart({ values: { spiderpoolController: { cleanup: { enable: true } } } });
    assert.ok(commandOf(deleted).includes('--data'));
    assert.ok(mayDelete(deleted));
  });
});
