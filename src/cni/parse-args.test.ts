import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../ip/address.ts';
import { CniError } from './error.ts';
import { parseCniArgs, parseCniArgsLeniently } from './parse-args.ts';

const kubernetes =
  'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1';

test('parseCniArgs() reads what kubelet runtimes pass', () => {
  assert.deepEqual(parseCniArgs(kubernetes), {
    podNamespace: 'default',
    podName: 'web-0',
    infraContainerId: 'abc',
    podUid: 'u-1',
  });
});

test('parseCniArgs() reads nothing from nothing, and takes empty values as missing', () => {
  assert.deepEqual(parseCniArgs(''), {});
  assert.deepEqual(parseCniArgs('K8S_POD_NAME=;IP=;K8S_POD_UID='), {});
});

test('parseCniArgs() reads the requested address of either family', () => {
  assert.deepEqual(parseCniArgs('IP=10.6.0.9'), { ip: parseAddress('10.6.0.9') });
  assert.deepEqual(parseCniArgs('IP=fd00::9'), { ip: parseAddress('fd00::9') });
});

test('parseCniArgs() takes the last of two equal keys', () => {
  assert.deepEqual(parseCniArgs('K8S_POD_NAME=a;K8S_POD_NAME=b'), { podName: 'b' });
});

test('parseCniArgs() refuses unknown keys unless IgnoreUnknown is true, wherever it stands', () => {
  for (const truth of ['1', 'true', 'TRUE', 'True']) {
    assert.deepEqual(parseCniArgs(`FOO=1;K8S_POD_NAME=a;IgnoreUnknown=${truth}`), { podName: 'a' });
  }
  for (const text of [
    'FOO=1',
    'FOO=1;IgnoreUnknown=0',
    'FOO=1;IgnoreUnknown=false',
    'k8s_pod_name=a;FOO=1',
  ]) {
    assert.throws(
      () => parseCniArgs(text),
      (error) => error instanceof CniError && error.code === 4 && error.message.includes('"FOO"'),
    );
  }
});

test('parseCniArgs() refuses malformed pairs and values with code 4', () => {
  for (const text of [
    'K8S_POD_NAME',
    'K8S_POD_NAME=a;',
    ';',
    'K8S_POD_NAME=a=b',
    'IgnoreUnknown=yes',
    'IgnoreUnknown=',
    'IP=10.0.0.1/24',
    'IP=ten',
    'K8S_POD_NAME=a<b',
    'K8S_POD_NAMESPACE=a&b',
    'K8S_POD_UID=a\u0000b',
    `K8S_POD_NAME=${'a'.repeat(254)}`,
    `K8S_POD_UID=${'a'.repeat(129)}`,
    `IgnoreUnknown=1;X=${'a'.repeat(20_000)}`,
  ]) {
    assert.throws(
      () => parseCniArgs(text),
      (error) => error instanceof CniError && error.code === 4 && error.message.startsWith('CNI_ARGS: '),
      text.slice(0, 40),
    );
  }
});

test('parseCniArgsLeniently() returns what can be read beside what is wrong', () => {
  const { args, problems } = parseCniArgsLeniently('garbage;K8S_POD_UID=u-1;K8S_POD_NAME=a<b;FOO=1');
  assert.deepEqual(args, { podUid: 'u-1' });
  assert.equal(problems.length, 3);
});

test('parseCniArgs() throws nothing but CniError, and parseCniArgsLeniently() nothing at all, on any text', () => {
  const piece = fc.oneof(
    fc.constantFrom('IP', 'IgnoreUnknown', 'K8S_POD_NAME', '=', ';', '1', '__proto__'),
    fc.string(),
  );
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        const { problems } = parseCniArgsLeniently(text);
        let thrown: unknown;
        try {
          parseCniArgs(text);
        } catch (error) {
          thrown = error;
        }
        assert.equal(thrown instanceof CniError, problems.length > 0);
        assert.equal(thrown !== undefined, problems.length > 0);
      },
    ),
  );
});

test('parseCniArgs() reads back what is written', () => {
  const value = fc.stringMatching(/^[a-z0-9.-]{1,60}$/);
  fc.assert(
    fc.property(value, value, value, (podNamespace, podName, podUid) => {
      const text = `K8S_POD_UID=${podUid};K8S_POD_NAME=${podName};K8S_POD_NAMESPACE=${podNamespace}`;
      assert.deepEqual(parseCniArgs(text), { podNamespace, podName, podUid });
    }),
  );
});
