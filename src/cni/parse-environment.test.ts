import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CniError } from './error.ts';
import { checkRequiredVariables, parseCniEnvironment } from './parse-environment.ts';
import { type CniEnvironment, cniVerbs } from './request.ts';

const complete: CniEnvironment = {
  CNI_CONTAINERID: 'abc-1.2_3',
  CNI_NETNS: '/run/netns/pod',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'K8S_POD_NAME=a',
  CNI_PATH: '/opt/cni/bin',
};

function errorOf(run: () => unknown): CniError {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof CniError, String(error));
    return error;
  }
  throw assert.fail('accepted');
}

test('parseCniEnvironment() reads the attachment', () => {
  for (const verb of ['add', 'del', 'check'] as const) {
    assert.deepEqual(parseCniEnvironment(verb, complete), {
      containerId: 'abc-1.2_3',
      ifName: 'eth0',
      netns: '/run/netns/pod',
    });
  }
});

test('parseCniEnvironment() does without a namespace for DEL only', () => {
  const { CNI_NETNS: _, ...env } = complete;
  assert.equal(parseCniEnvironment('del', env).netns, undefined);
  assert.equal(parseCniEnvironment('del', { ...env, CNI_NETNS: '' }).netns, undefined);
  for (const verb of ['add', 'check'] as const) {
    assert.match(errorOf(() => parseCniEnvironment(verb, env)).message, /\[CNI_NETNS\] missing/);
  }
});

test('checkRequiredVariables() reports all missing variables together, code 4', () => {
  const rows = {
    add: 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH',
    check: 'CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH',
    del: 'CNI_CONTAINERID,CNI_IFNAME,CNI_PATH',
    gc: 'CNI_PATH',
    status: 'CNI_PATH',
  };
  for (const verb of cniVerbs) {
    const error = errorOf(() => checkRequiredVariables(verb, {}));
    assert.equal(error.code, 4);
    assert.ok(error.message.includes(`[${rows[verb]}]`), error.message);
    checkRequiredVariables(verb, complete);
  }
});

test('parseCniEnvironment() answers an empty container id with code 3, an absent one with code 4', () => {
  const { CNI_CONTAINERID: _, ...env } = complete;
  assert.equal(errorOf(() => parseCniEnvironment('add', { ...env, CNI_CONTAINERID: '' })).code, 3);
  assert.equal(errorOf(() => parseCniEnvironment('add', env)).code, 4);
});

test('parseCniEnvironment() holds container ids to the characters of the specification, code 4', () => {
  for (const id of ['-a', '.a', '_a', 'a b', 'a/b', 'a;b', 'ä', 'a\n', 'a\u0000', 'a'.repeat(257)]) {
    const error = errorOf(() => parseCniEnvironment('add', { ...complete, CNI_CONTAINERID: id }));
    assert.equal(error.code, 4, id);
  }
});

test('parseCniEnvironment() holds interface names to the rules of the kernel, code 4', () => {
  for (const name of [
    '.',
    '..',
    'a/b',
    'a:b',
    'a b',
    'a\tb',
    'a\u00a0b',
    'a'.repeat(16),
    'ä'.repeat(8),
    'a\u0007',
    'a<b',
  ]) {
    const error = errorOf(() => parseCniEnvironment('add', { ...complete, CNI_IFNAME: name }));
    assert.equal(error.code, 4, name);
  }
  for (const name of ['a', 'eth0.100', 'a'.repeat(15), '...']) {
    assert.equal(parseCniEnvironment('add', { ...complete, CNI_IFNAME: name }).ifName, name);
  }
});

test('parseCniEnvironment() refuses a namespace path that may not be stored', () => {
  for (const netns of ['/run/a\nb', '/run/a&b', `/${'a'.repeat(1024)}`]) {
    assert.equal(errorOf(() => parseCniEnvironment('add', { ...complete, CNI_NETNS: netns })).code, 4);
  }
});

test('parseCniEnvironment() throws nothing but CniError on any values', () => {
  const value = fc.option(fc.string({ unit: 'binary' }), { nil: '' });
  fc.assert(
    fc.property(fc.constantFrom('add', 'del', 'check'), value, value, value, (verb, id, ifName, netns) => {
      try {
        const parsed = parseCniEnvironment(verb, {
          CNI_CONTAINERID: id,
          CNI_IFNAME: ifName,
          CNI_NETNS: netns,
          CNI_PATH: '/opt/cni/bin',
        });
        assert.equal(parsed.containerId, id);
      } catch (error) {
        assert.ok(error instanceof CniError, String(error));
        assert.ok([3, 4].includes(error.code));
      }
    }),
  );
});
