import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { OptionsError } from '../process/options-error.ts';
import { type AgentArguments, resolveAgentOptions } from './resolve-options.ts';

const embedded = { store: 'embedded' } as const;
const kubernetes = { store: 'kubernetes' } as const;

/** What the downward API gives each agent. */
const clusterEnv = {
  SPIDERPOOL_NODE_NAME: 'worker-1',
  SPIDERPOOL_POD_NAMESPACE: 'spiderpool',
  SPIDERPOOL_POD_NAME: 'spiderpool-agent-x2x7z',
};

/** Resolves with this text as conf.yml. */
function withConf(text: string, given: AgentArguments, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'options-'));
  try {
    const configPath = join(folder, 'conf.yml');
    writeFileSync(configPath, text);
    return resolveAgentOptions({ ...given, configPath }, env);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('resolveAgentOptions() has a default for everything on one host, and opens no TCP port', () => {
  assert.deepEqual(resolveAgentOptions(embedded, {}), {
    socketPath: '/var/run/spidernet/spiderpool.sock',
    stateFolder: '/var/lib/spidernet',
    nodeName: hostname(),
    store: { kind: 'embedded', poolFolder: '/etc/spidernet/pools' },
    logLevel: 'info',
    enabledFamilies: { 4: true, 6: true },
    releasesConflicts: true,
    warnings: [],
    notes: [],
  });
});

test('resolveAgentOptions() needs three variables on a cluster, and has defaults for the rest', () => {
  assert.deepEqual(resolveAgentOptions(kubernetes, clusterEnv), {
    socketPath: '/var/run/spidernet/spiderpool.sock',
    stateFolder: '/var/lib/spidernet',
    nodeName: 'worker-1',
    store: {
      kind: 'kubernetes',
      agentNamespace: 'spiderpool',
      agentPod: 'spiderpool-agent-x2x7z',
      enableStatefulSet: true,
      enableKubevirtStaticIP: true,
      enableSpiderSubnet: false,
      sweeps: true,
      healthPort: 5710,
    },
    logLevel: 'info',
    enabledFamilies: { 4: true, 6: true },
    releasesConflicts: true,
    warnings: [],
    notes: [],
  });
  for (const name of Object.keys(clusterEnv)) {
    assert.throws(() => resolveAgentOptions(kubernetes, { ...clusterEnv, [name]: '  ' }), {
      code: 'OPTIONS_INVALID',
      message: new RegExp(
        `^${name} is not set: it must be the name`.replace('the name', 'the (name|namespace)'),
      ),
    });
  }
});

test("resolveAgentOptions() reads the original's environment on a cluster, trimmed", () => {
  const options = resolveAgentOptions(
    { ...kubernetes, kubeconfig: '/etc/agent.kubeconfig' },
    {
      ...clusterEnv,
      SPIDERPOOL_NODE_NAME: ' worker-2 ',
      SPIDERPOOL_HEALTH_PORT: '6710',
      SPIDERPOOL_ENABLED_METRIC: 'true',
      SPIDERPOOL_METRIC_HTTP_PORT: ' 6711 ',
      SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS: 'F',
      SPIDERPOOL_GC_IP_ENABLED: 'false',
      MULTUS_CLUSTER_NETWORK: 'kube-system/macvlan',
    },
  );
  assert.equal(options.nodeName, 'worker-2');
  assert.equal(options.metricsPort, 6711);
  assert.equal(options.releasesConflicts, false);
  assert.ok(options.store.kind === 'kubernetes');
  assert.equal(options.store.healthPort, 6710);
  assert.equal(options.store.sweeps, false);
  assert.equal(options.store.clusterNetwork, 'kube-system/macvlan');
  assert.equal(options.store.kubeconfig, '/etc/agent.kubeconfig');
});

test('resolveAgentOptions() opens no health port for 0, and no metrics port unless metrics are on', () => {
  const options = resolveAgentOptions(kubernetes, {
    ...clusterEnv,
    SPIDERPOOL_HEALTH_PORT: '0',
    SPIDERPOOL_METRIC_HTTP_PORT: '6711',
  });
  assert.ok(options.store.kind === 'kubernetes');
  assert.equal(options.store.healthPort, undefined);
  assert.equal(options.metricsPort, undefined);
  assert.equal(resolveAgentOptions({ ...kubernetes, metricsPort: 7 }, clusterEnv).metricsPort, 7);
});

test('resolveAgentOptions() has debug metrics where they are switched on', () => {
  const env = { ...clusterEnv, SPIDERPOOL_ENABLED_DEBUG_METRIC: 'true' };
  assert.equal(resolveAgentOptions(kubernetes, env).debugMetrics, true);
  assert.equal(resolveAgentOptions(kubernetes, clusterEnv).debugMetrics, undefined);
});

test('resolveAgentOptions() ends at a variable that is no boolean, number or port', () => {
  const booleans = [
    'SPIDERPOOL_ENABLED_METRIC',
    'SPIDERPOOL_ENABLED_DEBUG_METRIC',
    'SPIDERPOOL_ENABLED_RDMA_METRIC',
    'SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS',
    'SPIDERPOOL_GC_IP_ENABLED',
  ];
  const numbers = [
    'SPIDERPOOL_HEALTH_PORT',
    'SPIDERPOOL_METRIC_HTTP_PORT',
    'SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS',
    'SPIDERPOOL_WAIT_SUBNET_POOL_TIME_IN_SECOND',
    'SPIDERPOOL_WAIT_SUBNET_POOL_MAX_RETRIES',
  ];
  for (const name of [...booleans, ...numbers]) {
    assert.throws(() => resolveAgentOptions(kubernetes, { ...clusterEnv, [name]: 'yes' }), {
      code: 'OPTIONS_INVALID',
      message: new RegExp(`^${name} is "yes": write`),
    });
  }
  assert.throws(
    () => resolveAgentOptions(kubernetes, { ...clusterEnv, SPIDERPOOL_HEALTH_PORT: '65536' }),
    /SPIDERPOOL_HEALTH_PORT is 65536: write a port from 1 to 65535/,
  );
});

test('resolveAgentOptions() takes whatever a variable says, or names it', () => {
  const name = fc.constantFrom(
    'SPIDERPOOL_HEALTH_PORT',
    'SPIDERPOOL_ENABLED_METRIC',
    'SPIDERPOOL_GOPS_LISTEN_PORT',
  );
  fc.assert(
    fc.property(name, fc.string(), (variable, text) => {
      try {
        resolveAgentOptions(kubernetes, { ...clusterEnv, [variable]: text });
      } catch (error) {
        assert.ok(error instanceof OptionsError);
        assert.ok(error.message.startsWith(variable));
      }
    }),
  );
});

test('resolveAgentOptions() warns of what promises an effect and has none', () => {
  const { warnings } = resolveAgentOptions(kubernetes, {
    ...clusterEnv,
    SPIDERPOOL_ENABLED_RDMA_METRIC: 'true',
    SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS: '100',
    SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS: 'http://pyroscope',
  });
  assert.deepEqual(
    warnings.map((warning) => warning.split(' ')[0]),
    [
      'SPIDERPOOL_ENABLED_RDMA_METRIC',
      'SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS',
      'SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS',
    ],
  );
  // As the original's chart sets them.
  const usual = {
    ...clusterEnv,
    SPIDERPOOL_ENABLED_DEBUG_METRIC: 'false',
    SPIDERPOOL_IPPOOL_MAX_ALLOCATED_IPS: '5000',
    SPIDERPOOL_GOPS_LISTEN_PORT: '5712',
    SPIDERPOOL_PYROSCOPE_PUSH_SERVER_ADDRESS: '',
  };
  assert.deepEqual(resolveAgentOptions(kubernetes, usual).warnings, []);
});

test('resolveAgentOptions() reads the switches of conf.yml, and a missing one is off', () => {
  const options = withConf(
    'enableIPv4: true\nenableSpiderSubnet: true\ntuneSysctlConfig: true\n',
    kubernetes,
    clusterEnv,
  );
  assert.ok(options.store.kind === 'kubernetes');
  assert.equal(options.store.enableStatefulSet, false);
  assert.equal(options.store.enableKubevirtStaticIP, false);
  assert.equal(options.store.enableSpiderSubnet, true);
  assert.match(
    options.warnings.join(),
    /enableSpiderSubnet is true, but SpiderSubnets are not supported here/,
  );
  assert.match(options.notes.join(), /tuneSysctlConfig is true: sysctls are left as they are/);
});

test('resolveAgentOptions() refuses an option of the other store', () => {
  assert.throws(
    () => resolveAgentOptions({ ...kubernetes, pools: './pools' }, clusterEnv),
    /--pools is of --store embedded/,
  );
  assert.throws(
    () => resolveAgentOptions({ ...embedded, kubeconfig: './config' }, {}),
    /--kubeconfig is of --store kubernetes/,
  );
});

test('resolveAgentOptions() takes the command line before conf.yml and the environment', () => {
  const conf = 'ipamUnixSocketPath: /run/conf.sock\nenableIPv4: true\n';
  const env = {
    SPIDERPOOL_NODE_NAME: ' n1 ',
    SPIDERPOOL_LOG_LEVEL: 'DEBUG',
    SPIDERPOOL_STATE_DIR: '/env/state',
  };
  const fromConf = withConf(conf, embedded, env);
  assert.equal(fromConf.socketPath, '/run/conf.sock');
  assert.equal(fromConf.nodeName, 'n1');
  assert.equal(fromConf.logLevel, 'debug');
  assert.equal(fromConf.stateFolder, '/env/state');
  assert.deepEqual(fromConf.enabledFamilies, { 4: true, 6: false });
  const given = withConf(
    conf,
    { ...embedded, socket: '/run/arg.sock', logLevel: 'warn', dataDir: '/arg' },
    env,
  );
  assert.equal(given.socketPath, '/run/arg.sock');
  assert.equal(given.logLevel, 'warn');
  assert.equal(given.stateFolder, '/arg');
});

test('resolveAgentOptions() names the file or variable that can not be used', () => {
  assert.throws(
    () => resolveAgentOptions({ ...embedded, configPath: '/nowhere/conf.yml' }, {}),
    /\/nowhere\/conf\.yml can't be read/,
  );
  assert.throws(
    () => resolveAgentOptions(embedded, { SPIDERPOOL_LOG_LEVEL: 'loud' }),
    /SPIDERPOOL_LOG_LEVEL is "loud": write one of debug/,
  );
});
