import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PodName } from '../ledger/record.ts';
import { planReadings } from './reading-plan.ts';

const counts = {
  total: 100_000,
  in: (namespace: string): number => (namespace === 'large' ? 10_000 : 3),
};

function podsOf(namespace: string, count: number): PodName[] {
  return Array.from({ length: count }, (_, index) => ({ namespace, name: `pod-${index}` }));
}

test('planReadings() lists a namespace that has lost many pods, and reads few of many one by one', () => {
  const none = { isWhole: false, namespaces: [], pods: [] };
  assert.deepEqual(planReadings([], counts), none);
  assert.deepEqual(planReadings(podsOf('small', 100), counts), { ...none, namespaces: ['small'] });
  assert.deepEqual(planReadings(podsOf('large', 100), counts), { ...none, pods: podsOf('large', 100) });
  assert.deepEqual(planReadings(podsOf('small', 2), counts), { ...none, pods: podsOf('small', 2) });
  assert.deepEqual(planReadings(podsOf('large', 1_000), counts), { ...none, namespaces: ['large'] });
});

test('planReadings() lists all pods where many namespaces have lost theirs', () => {
  const pods = Array.from({ length: 5_000 }, (_, index) => podsOf(`namespace-${index}`, 2)).flat();
  assert.equal(planReadings(pods, { ...counts, total: 1_000 }).isWhole, true);
  assert.equal(planReadings(pods, { ...counts, total: 1_000_000 }).isWhole, false);
});

test('planReadings() reads each pod exactly once, and lists nothing without a need', () => {
  const podArb = fc.record({
    namespace: fc.constantFrom('a', 'b', 'c'),
    name: fc.stringMatching(/^[a-z]{1,2}$/),
  });
  fc.assert(
    fc.property(fc.array(podArb, { maxLength: 80 }), fc.nat(1_000), (pods, size) => {
      const plan = planReadings(pods, { total: size * 4, in: () => size });
      const single = plan.pods.map(({ namespace, name }) => `${namespace}/${name}`);
      assert.equal(new Set(single).size, single.length);
      assert.equal(new Set(plan.namespaces).size, plan.namespaces.length);
      for (const { namespace, name } of pods) {
        const ways = [
          plan.isWhole,
          plan.namespaces.includes(namespace),
          single.includes(`${namespace}/${name}`),
        ];
        assert.deepEqual(ways.filter(Boolean), [true]);
      }
      assert.ok(plan.namespaces.every((namespace) => pods.some((pod) => pod.namespace === namespace)));
    }),
  );
});
