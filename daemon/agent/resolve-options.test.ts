import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { resolveAgentOptions } from './resolve-options.ts';

test('resolveAgentOptions() has a default for everything, and opens no TCP port', () => {
  assert.deepEqual(resolveAgentOptions({}, {}), {
    socketPath: '/var/run/spidernet/spiderpool.sock',
    stateFolder: '/var/lib/spidernet',
    poolFolder: '/etc/spidernet/pools',
    nodeName: hostname(),
    logLevel: 'info',
    enabledFamilies: { 4: true, 6: true },
    warnings: [],
  });
});

test('resolveAgentOptions() takes the command line before conf.yml and the environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'options-'));
  try {
    const configPath = join(folder, 'conf.yml');
    writeFileSync(configPath, 'ipamUnixSocketPath: /run/conf.sock\nenableIPv4: true\n');
    const env = {
      SPIDERPOOL_NODE_NAME: ' n1 ',
      SPIDERPOOL_LOG_LEVEL: 'DEBUG',
      SPIDERPOOL_STATE_DIR: '/env/state',
    };
    const fromConf = resolveAgentOptions({ configPath }, env);
    assert.equal(fromConf.socketPath, '/run/conf.sock');
    assert.equal(fromConf.nodeName, 'n1');
    assert.equal(fromConf.logLevel, 'debug');
    assert.equal(fromConf.stateFolder, '/env/state');
    assert.deepEqual(fromConf.enabledFamilies, { 4: true, 6: false });
    const given = resolveAgentOptions(
      { configPath, socket: '/run/arg.sock', logLevel: 'warn', dataDir: '/arg' },
      env,
    );
    assert.equal(given.socketPath, '/run/arg.sock');
    assert.equal(given.logLevel, 'warn');
    assert.equal(given.stateFolder, '/arg');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('resolveAgentOptions() names the file or variable that can not be used', () => {
  assert.throws(
    () => resolveAgentOptions({ configPath: '/nowhere/conf.yml' }, {}),
    /\/nowhere\/conf\.yml can't be read/,
  );
  assert.throws(
    () => resolveAgentOptions({}, { SPIDERPOOL_LOG_LEVEL: 'loud' }),
    /SPIDERPOOL_LOG_LEVEL is "loud": write one of debug/,
  );
});
