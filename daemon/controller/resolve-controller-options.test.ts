import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { OptionsError } from '../process/options-error.ts';
import { resolveControllerOptions } from './resolve-controller-options.ts';

const required = { SPIDERPOOL_POD_NAMESPACE: 'spiderpool', SPIDERPOOL_POD_NAME: 'controller-a' };

test('resolveControllerOptions() has the defaults of the original', () => {
  assert.deepEqual(resolveControllerOptions({}, required), {
    namespace: 'spiderpool',
    podName: 'controller-a',
    controllerName: 'spiderpool-controller',
    logLevel: 'info',
    families: [4, 6],
    enableSpiderSubnet: false,
    enableStatefulSet: true,
    enableKubevirtStaticIP: true,
    refusesDeletionInUse: false,
    certificate: { kind: 'own', secretName: 'spiderpool-controller-server-certs' },
    webhookPort: 5722,
    healthPort: 5720,
    debugMetrics: false,
    metricRenewMs: 120_000,
    leader: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 },
    collection: {
      isEnabled: true,
      onReadyNodes: true,
      onNotReadyNodes: true,
      runningWithoutAddress: false,
      additionalGraceMs: 0,
      intervalMs: 600_000,
    },
    warnings: [],
  });
});

test('resolveControllerOptions() reads the environment and conf.yml, and the command line wins', async () => {
  await using folder = await temporaryFolder();
  const configPath = join(folder.path, 'conf.yml');
  await writeFile(configPath, 'enableIPv6: true\nenableValidatingResourcesDeletedWebhook: true\n');
  const options = resolveControllerOptions(
    { configPath, logLevel: 'debug', kubeconfig: '/k', tlsServerCert: '/c', tlsServerKey: '/d' },
    {
      ...required,
      SPIDERPOOL_LOG_LEVEL: 'ERROR',
      SPIDERPOOL_ENABLED_METRIC: 'true',
      SPIDERPOOL_ENABLED_DEBUG_METRIC: '1',
      SPIDERPOOL_METRIC_RENEW_PERIOD: '7',
      SPIDERPOOL_HEALTH_PORT: '0',
      SPIDERPOOL_WEBHOOK_PORT: ' 6000 ',
      SPIDERPOOL_CONTROLLER_DEPLOYMENT_NAME: 'other',
      SPIDERPOOL_LEADER_DURATION: '30',
      SPIDERPOOL_GC_IP_ENABLED: 'false',
      SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_READY_NODE_ENABLED: 'false',
      SPIDERPOOL_GC_STATELESS_TERMINATING_POD_ON_NOT_READY_NODE_ENABLED: 'f',
      SPIDERPOOL_GC_ENABLE_STATELESS_RUNNING_POD_ON_EMPTY_POD_STATUS_IPS: 'true',
      SPIDERPOOL_GC_ADDITIONAL_GRACE_DELAY: '5',
      SPIDERPOOL_GC_DEFAULT_INTERVAL_DURATION: '60',
    },
  );
  assert.equal(options.logLevel, 'debug');
  assert.equal(options.kubeconfig, '/k');
  assert.deepEqual(options.certificate, { kind: 'files', certificateFile: '/c', keyFile: '/d' });
  assert.deepEqual(options.families, [6]);
  assert.equal(options.enableStatefulSet, false);
  assert.equal(options.refusesDeletionInUse, true);
  assert.equal(options.metricsPort, 5721);
  assert.equal(options.healthPort, undefined);
  assert.equal(options.webhookPort, 6000);
  assert.equal(options.controllerName, 'other');
  assert.equal(options.debugMetrics, true);
  assert.equal(options.metricRenewMs, 7_000);
  assert.equal(options.leader.leaseMs, 30_000);
  assert.deepEqual(options.collection, {
    isEnabled: false,
    onReadyNodes: false,
    onNotReadyNodes: false,
    runningWithoutAddress: true,
    additionalGraceMs: 5_000,
    intervalMs: 60_000,
  });
});

test('resolveControllerOptions() warns of what promises something and has no effect here', () => {
  const warningsOf = (env: Readonly<Record<string, string>>): readonly string[] =>
    resolveControllerOptions({}, { ...required, ...env }).warnings;
  assert.deepEqual(warningsOf({ SPIDERPOOL_GC_IP_WORKER_NUM: '3', SPIDERPOOL_GOPS_LISTEN_PORT: '5724' }), []);
  assert.deepEqual(warningsOf({ SPIDERPOOL_GC_IP_WORKER_NUM: '8' }), [
    'SPIDERPOOL_GC_IP_WORKER_NUM is 8, but has no effect here',
  ]);
  assert.match(warningsOf({ SPIDERPOOL_COORDINATOR_ENABLED: 'true' })[0] ?? '', /SpiderCoordinators/);
  assert.match(warningsOf({ SPIDERPOOL_GOPS_LISTEN_PORT: '1' })[0] ?? '', /no such port/);
});

test('resolveControllerOptions() refuses what it can not use, and names it', () => {
  const refuse = (env: Readonly<Record<string, string>>, pattern: RegExp, given = {}): void => {
    assert.throws(
      () => resolveControllerOptions(given, { ...required, ...env }),
      (error) => error instanceof OptionsError && pattern.test(error.message),
    );
  };
  refuse({ SPIDERPOOL_POD_NAME: ' ' }, /SPIDERPOOL_POD_NAME is not set: it must be the name/);
  refuse({ SPIDERPOOL_POD_NAMESPACE: '' }, /SPIDERPOOL_POD_NAMESPACE is not set/);
  refuse({ SPIDERPOOL_LEADER_DURATION: '10' }, /SPIDERPOOL_LEADER_DURATION must be longer/);
  refuse(
    { SPIDERPOOL_LEADER_RETRY_PERIOD: '0' },
    /SPIDERPOOL_LEADER_RETRY_PERIOD is 0: write seconds from 1/,
  );
  refuse({ SPIDERPOOL_GC_IP_ENABLED: 'yes' }, /SPIDERPOOL_GC_IP_ENABLED is "yes": write true or false/);
  refuse({ SPIDERPOOL_GC_CHANNEL_BUFFER: 'many' }, /SPIDERPOOL_GC_CHANNEL_BUFFER is "many"/);
  refuse({ SPIDERPOOL_GC_DEFAULT_INTERVAL_DURATION: '90000' }, /from 1 to 86400/);
  refuse({}, /belong together/, { tlsServerCert: '/c' });
});

test('resolveControllerOptions() throws nothing but OptionsError, whatever the environment says', () => {
  const names = [
    'SPIDERPOOL_LEADER_DURATION',
    'SPIDERPOOL_GC_IP_ENABLED',
    'SPIDERPOOL_WEBHOOK_PORT',
  ] as const;
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string(), (name, value) => {
      try {
        resolveControllerOptions({}, { ...required, [name]: value });
      } catch (error) {
        assert.ok(error instanceof OptionsError);
      }
    }),
  );
});
