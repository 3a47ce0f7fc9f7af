import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNodeName, isPodName } from './object-names.ts';

test('isPodName() and isNodeName() take what an API server takes as names', () => {
  for (const name of ['a', 'web-0', 'node-1.example.org', '0', 'a'.repeat(253)]) {
    assert.ok(isPodName('default', name), name);
    assert.ok(isNodeName(name), name);
  }
  assert.ok(isPodName('n'.repeat(63), 'a'));
});

test('isPodName() and isNodeName() refuse what would lead a request elsewhere, and what no object has', () => {
  for (const name of [
    '',
    '.',
    '..',
    'a/b',
    'a/../b',
    'a?b',
    '-a',
    'a-',
    'A',
    'ä',
    'a b',
    'a\n',
    'a'.repeat(254),
  ]) {
    assert.ok(!isPodName('default', name), name);
    assert.ok(!isNodeName(name), name);
  }
  for (const namespace of ['', '..', 'a.b', 'a/b', 'n'.repeat(64)])
    assert.ok(!isPodName(namespace, 'a'), namespace);
});
