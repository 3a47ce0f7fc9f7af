import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDelRequest } from './parse-del-request.ts';

const env = {
  CNI_CONTAINERID: 'abc',
  CNI_IFNAME: 'eth0',
  CNI_NETNS: '/run/netns/x',
  CNI_ARGS: 'K8S_POD_UID=u;K8S_POD_NAME=p;K8S_POD_NAMESPACE=n',
};

test('parseDelRequest() reads a complete request', () => {
  assert.deepEqual(parseDelRequest({ config: { cniVersion: '1.0.0', name: 'net' }, env }), {
    attachment: { containerId: 'abc', ifName: 'eth0' },
    pod: { podNamespace: 'n', podName: 'p', podUid: 'u' },
    network: 'net',
    netns: '/run/netns/x',
    cniVersion: '1.0.0',
    problems: [],
  });
});

test('parseDelRequest() finds the attachment whatever the configuration and the arguments look like', () => {
  for (const config of [null, 5, [], {}, { name: 7 }, { name: 'net', cniVersion: '9' }, { ipam: 'x' }]) {
    const request = parseDelRequest({ config, env: { ...env, CNI_ARGS: 'garbage;K8S_POD_UID=u' } });
    assert.deepEqual(request.attachment, { containerId: 'abc', ifName: 'eth0' });
    assert.deepEqual(request.pod, { podUid: 'u' });
    assert.ok(request.problems.length >= 2);
  }
});

test('parseDelRequest() never guesses an attachment', () => {
  for (const broken of [
    { CNI_CONTAINERID: '' },
    { CNI_CONTAINERID: 'a b' },
    { CNI_IFNAME: '' },
    { CNI_IFNAME: 'a/b' },
  ]) {
    const request = parseDelRequest({ config: null, env: { ...env, ...broken } });
    assert.equal(request.attachment, undefined);
    assert.equal(request.pod.podUid, 'u');
  }
});

test('parseDelRequest() throws on no input', () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.record({ config: fc.anything(), env: fc.anything() })), (body) => {
      const request = parseDelRequest(body);
      assert.ok(request.attachment !== undefined || request.problems.length > 0);
    }),
  );
});
