import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { indexPath, keyPath, pathSegments, pathWithoutIndices } from './field-path.ts';

describe('keyPath()', () => {
  test('keyPath() writes paths as Kubernetes does', () => {
    assert.equal(keyPath('', 'spec'), 'spec');
    assert.equal(indexPath(keyPath('spec', 'routes'), 3), 'spec.routes[3]');
    assert.equal(keyPath('metadata.labels', 'a.b/c'), 'metadata.labels[a.b/c]');
    assert.equal(keyPath('a', '\u001b'), 'a[\\u001b]');
  });

  test('pathSegments() undoes keyPath() and indexPath()', () => {
    const key = fc.stringMatching(/^[A-Za-z0-9._/ -]+$/);
    fc.assert(
      fc.property(fc.array(fc.oneof(key, fc.nat()), { maxLength: 5 }), (parts) => {
        const path = parts.reduce<string>(
          (at, part) => (typeof part === 'number' ? indexPath(at, part) : keyPath(at, part)),
          '',
        );
        assert.deepEqual(pathSegments(path), parts.map(String));
      }),
    );
  });

  test('pathWithoutIndices() forgets where in a list an element stands', () => {
    assert.equal(pathWithoutIndices('spec.routes[12].gw'), pathWithoutIndices('spec.routes[0].gw'));
    assert.equal(pathWithoutIndices('a.labels[b/c]'), 'a.labels[b/c]');
  });
});
