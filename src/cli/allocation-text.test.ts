import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocation, nowMs } from '../wire/testing/shapes.ts';
import { ageOf, allocationFields, holderText } from './allocation-text.ts';

const [holder] = allocation('10.6.0.15').holders;
assert.ok(holder);

test('holderText() names the newest holder in the words that a person knows it by', () => {
  assert.equal(holderText(allocation('10.6.0.15')), 'default/web-0');
  assert.equal(
    holderText(allocation('10.6.0.15', { holders: [{ ...holder, pod: '' }] })),
    'container 4f1d2c3b5a69',
  );
  assert.equal(
    holderText(allocation('10.6.0.15', { holders: [holder, { ...holder, pod: 'default/new' }] })),
    'default/new (+1)',
  );
  assert.equal(holderText(allocation('10.6.0.15', { holders: [] })), 'nobody');
});

test('allocationFields() tells everything, the newest holder first', () => {
  const owner = { kind: 'VirtualMachineInstance', namespace: 'default', name: 'vm' };
  const newest = { ...holder, pod: '', netns: { path: '/var/run/netns/n1' } };
  const fields = allocationFields(allocation('10.6.0.15', { owner, holders: [holder, newest] }), nowMs);
  const lines = fields.map((row) => row.map((cell) => (typeof cell === 'string' ? cell : cell.text.trim())));
  assert.deepEqual(lines.slice(3), [
    ['since', '2026-01-02T03:04:05Z (3m ago)'],
    ['owner', 'VirtualMachineInstance default/vm'],
    ['pod', 'not named by the runtime'],
    ['uid', 'u-1'],
    ['sandbox', '4f1d2c3b5a69788796a5b4c3d2e1f001'],
    ['node', 'worker-1'],
    ['netns', '/var/run/netns/n1'],
    ['pod', 'default/web-0'],
    ['uid', 'u-1'],
    ['sandbox', '4f1d2c3b5a69788796a5b4c3d2e1f001'],
    ['node', 'worker-1'],
  ]);
});

test('ageOf() is unknown for what is no time', () => {
  assert.equal(ageOf('2026-01-02T03:07:00Z', nowMs), '10s');
  assert.equal(ageOf('yesterday', nowMs), 'unknown');
});
