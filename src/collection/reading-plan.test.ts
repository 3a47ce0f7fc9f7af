import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { planReadings } from './reading-plan.ts';

function podsOf(namespace: string, count: number): { namespace: string; name: string }[] {
  return Array.from({ length: count }, (_, index) => ({ namespace, name: `pod-${index}` }));
}

function podsIn(namespace: string): number {
  return namespace === 'large' ? 10_000 : 3;
}

test('planReadings() lists a namespace that has lost many pods, and reads few of many one by one', () => {
  assert.deepEqual(planReadings(podsOf('small', 100), podsIn), { namespaces: ['small'], pods: [] });
  assert.deepEqual(planReadings(podsOf('large', 100), podsIn), {
    namespaces: [],
    pods: podsOf('large', 100),
  });
  assert.deepEqual(planReadings(podsOf('small', 3), podsIn), { namespaces: [], pods: podsOf('small', 3) });
  assert.deepEqual(planReadings(podsOf('large', 1_000), podsIn), { namespaces: ['large'], pods: [] });
});

test('planReadings() reads each pod exactly once, and lists nothing without a need', () => {
  const podArb = fc.record({
    namespace: fc.constantFrom('a', 'b', 'c'),
    name: fc.stringMatching(/^[a-z]{1,2}$/),
  });
  fc.assert(
    fc.property(fc.array(podArb, { maxLength: 80 }), fc.nat(1_000), (pods, size) => {
      const plan = planReadings(pods, () => size);
      const single = plan.pods.map(({ namespace, name }) => `${namespace}/${name}`);
      assert.equal(new Set(single).size, single.length);
      assert.equal(new Set(plan.namespaces).size, plan.namespaces.length);
      for (const { namespace, name } of pods) {
        assert.notEqual(plan.namespaces.includes(namespace), single.includes(`${namespace}/${name}`));
      }
      assert.ok(plan.namespaces.every((namespace) => pods.some((pod) => pod.namespace === namespace)));
    }),
  );
});
