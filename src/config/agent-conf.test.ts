import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ConfError, parseAgentConf } from './agent-conf.ts';

test('parseAgentConf() reads the keys of the original and ignores those of other programs', () => {
  const text = [
    'ipamUnixSocketPath: /run/x.sock',
    'enableIPv4: yes',
    'enableIPv6: false',
    'enableStatefulSet: true',
    'enableKubevirtStaticIP: true',
    'enableSpiderSubnet: true',
    'enableAutoPoolForApplication: true',
    'tuneSysctlConfig: true',
    'podResourceInject: {enabled: false}',
  ].join('\n');
  assert.deepEqual(parseAgentConf(text, 'conf.yml'), {
    conf: {
      enableIPv4: true,
      enableIPv6: false,
      enableStatefulSet: true,
      enableKubevirtStaticIP: true,
      enableSpiderSubnet: true,
      tuneSysctlConfig: true,
      ipamUnixSocketPath: '/run/x.sock',
    },
    warnings: [],
  });
});

test('parseAgentConf() takes missing switches for off, as the original does', () => {
  const { conf } = parseAgentConf('', 'conf.yml');
  assert.deepEqual([...new Set(Object.values(conf))], [false]);
});

test('parseAgentConf() warns of switches that promise what this agent does not do', () => {
  const { warnings } = parseAgentConf(
    'enableIPConflictDetection: true\nenableGatewayDetection: true',
    'conf.yml',
  );
  assert.equal(warnings.length, 2);
  assert.match(warnings[0] ?? '', /enableIPConflictDetection is true in conf\.yml, but is not supported/);
});

test('parseAgentConf() names the file and the key that is wrong', () => {
  assert.throws(() => parseAgentConf('enableIPv4: 1', 'conf.yml'), /conf\.yml: enableIPv4: .*boolean/);
  assert.throws(
    () => parseAgentConf('ipamUnixSocketPath: x.sock', 'conf.yml'),
    /ipamUnixSocketPath: must be an absolute path/,
  );
  assert.throws(() => parseAgentConf('a: [', 'conf.yml'), /conf\.yml is not YAML/);
  assert.throws(() => parseAgentConf('- a', 'conf.yml'), ConfError);
});

test('parseAgentConf() throws nothing but ConfError', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseAgentConf(text, 'conf.yml');
      } catch (error) {
        assert.ok(error instanceof ConfError);
      }
    }),
  );
});
