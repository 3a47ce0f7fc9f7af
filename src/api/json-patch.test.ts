import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonPatchOperation } from './json-patch.ts';
import { jsonPatchBetween } from './json-patch.ts';

/** Applies operations on members of objects as RFC 6902 says. */
function apply(target: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const result = structuredClone(target);
  for (const { op, path, value } of operations) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let parent = result as Record<string, unknown>;
    for (const key of keys) parent = parent[key] as Record<string, unknown>;
    assert.equal(Object.hasOwn(parent, last), op !== 'add', `${op} ${path}`);
    if (op === 'remove') delete parent[last];
    else parent[last] = structuredClone(value);
  }
  return result;
}

const { tree } = fc.letrec<{ tree: object; value: unknown }>((tie) => ({
  tree: fc.dictionary(
    fc.oneof(fc.constantFrom('a', 'b', 'x/y', 'm~n', '~1'), fc.string({ maxLength: 3 })),
    tie('value'),
    { maxKeys: 4, noNullPrototype: true },
  ),
  value: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'tree' },
    fc.integer(),
    fc.string({ maxLength: 3 }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.integer({ max: 3 }), { maxLength: 2 }),
    tie('tree'),
  ),
}));

test('jsonPatchBetween() turns any object into any other', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      // A member of that name is none of its own where texts become members by assignment.
      fc.pre(!JSON.stringify([before, after]).includes('__proto__'));
      assert.deepEqual(apply(before, jsonPatchBetween(before, after)), after);
    }),
  );
});

test('jsonPatchBetween() says nothing of equal objects', () => {
  fc.assert(
    fc.property(tree, (value) => assert.deepEqual(jsonPatchBetween(value, structuredClone(value)), [])),
  );
});

test('jsonPatchBetween() touches only the members that differ, and escapes their names', () => {
  const before = {
    metadata: { labels: { 'a/b': '1', '~': '2' }, name: 'n' },
    spec: { ips: ['1'], old: undefined },
  };
  const after = { metadata: { labels: { 'a/b': '3', c: '4' }, name: 'n' }, spec: { ips: ['1', '2'] } };
  assert.deepEqual(jsonPatchBetween(before, after), [
    { op: 'remove', path: '/metadata/labels/~0' },
    { op: 'replace', path: '/metadata/labels/a~1b', value: '3' },
    { op: 'add', path: '/metadata/labels/c', value: '4' },
    { op: 'replace', path: '/spec/ips', value: ['1', '2'] },
  ]);
});
