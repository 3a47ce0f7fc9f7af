import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConfError, parseConf } from './conf.ts';

test('parseConf() reads the keys of the original and ignores those of other programs', () => {
  const text = [
    'ipamUnixSocketPath: /run/x.sock',
    'enableIPv4: yes',
    'enableIPv6: false',
    'enableStatefulSet: true',
    'enableKubevirtStaticIP: true',
    'enableSpiderSubnet: true',
    'enableAutoPoolForApplication: true',
    'tuneSysctlConfig: true',
    'enableValidatingResourcesDeletedWebhook: true',
    'podResourceInject: {enabled: false}',
  ].join('\n');
  assert.deepEqual(parseConf(text, 'conf.yml'), {
    conf: {
      enableIPv4: true,
      enableIPv6: false,
      enableStatefulSet: true,
      enableKubevirtStaticIP: true,
      enableSpiderSubnet: true,
      tuneSysctlConfig: true,
      enableValidatingResourcesDeletedWebhook: true,
      ipamUnixSocketPath: '/run/x.sock',
    },
    warnings: [],
  });
});

test('parseConf() takes missing switches for off, as the original does', () => {
  const { conf } = parseConf('', 'conf.yml');
  assert.deepEqual([...new Set(Object.values(conf))], [false]);
});

test('parseConf() warns of switches that promise what this agent does not do', () => {
  const { warnings } = parseConf('enableIPConflictDetection: true\nenableGatewayDetection: true', 'conf.yml');
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /enableIPConflictDetection is true in conf\.yml, but is not supported/);
});

test('parseConf() names the file and the key that is wrong', () => {
  assert.throws(() => parseConf('enableIPv4: 1', 'conf.yml'), /conf\.yml: enableIPv4: .*boolean/);
  assert.throws(
    () => parseConf('ipamUnixSocketPath: x.sock', 'conf.yml'),
    /ipamUnixSocketPath: must be an absolute path/,
  );
  assert.throws(() => parseConf('a: [', 'conf.yml'), /conf\.yml is not YAML/);
  assert.throws(() => parseConf('- a', 'conf.yml'), ConfError);
});

test('parseConf() throws nothing but ConfError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseConf(text, 'conf.yml');
      } catch (error) {
        assert.ok(error instanceof ConfError);
      }
    }),
  );
});
