import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { MalformedObjectError } from './malformed-object.ts';
import { hasOrdinal, parseOrdinals } from './stateful-set.ts';

test('parseOrdinals() reads replicas and the first ordinal, with the API’s defaults', () => {
  assert.deepEqual(parseOrdinals({ spec: {} }), { start: 0, replicas: 1 });
  assert.deepEqual(parseOrdinals({ spec: { replicas: 0 } }), { start: 0, replicas: 0 });
  assert.deepEqual(parseOrdinals({ spec: { replicas: 3, ordinals: { start: 5 } } }), {
    start: 5,
    replicas: 3,
  });
  assert.throws(() => parseOrdinals({}), MalformedObjectError);
  assert.throws(() => parseOrdinals({ spec: { replicas: -1 } }), MalformedObjectError);
});

test('hasOrdinal() holds for exactly `replicas` ordinals, from the first one', () => {
  fc.assert(
    fc.property(fc.nat({ max: 50 }), fc.nat({ max: 50 }), (start, replicas) => {
      const wanted = Array.from({ length: 120 }, (_, n) => n).filter((n) =>
        hasOrdinal({ start, replicas }, BigInt(n)),
      );
      assert.deepEqual(
        wanted,
        Array.from({ length: replicas }, (_, n) => start + n),
      );
    }),
  );
  assert.ok(!hasOrdinal({ start: 0, replicas: 3 }, 10n ** 60n));
});
