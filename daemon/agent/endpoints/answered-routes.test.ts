import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnsweredAddress } from '../../../src/endpoints/build-endpoint.ts';
import { AnsweredRoutes } from './answered-routes.ts';

function answer(nic: string, ...families: readonly (4 | 6)[]): AnsweredAddress[] {
  return families.map((family) => ({ nic, family, routes: [] }));
}

test('AnsweredRoutes.of() tells the newest answer of each NIC', () => {
  const routes = new AnsweredRoutes();
  routes.note('uid-1', [...answer('eth0', 4), ...answer('net1', 4, 6)]);
  routes.note('uid-1', answer('eth0', 4, 6));
  assert.deepEqual(routes.of('uid-1', 'eth0'), answer('eth0', 4, 6));
  assert.deepEqual(routes.of('uid-1', 'net1'), answer('net1', 4, 6));
  assert.equal(routes.of('uid-1', 'net2'), undefined);
  assert.equal(routes.of('uid-2', 'eth0'), undefined);
});

test('AnsweredRoutes.forget() forgets all NICs of a holder', () => {
  const routes = new AnsweredRoutes();
  routes.note('uid-1', answer('eth0', 4));
  routes.forget('uid-1');
  assert.equal(routes.of('uid-1', 'eth0'), undefined);
});

test('AnsweredRoutes.note() forgets the pods that were answered longest ago', () => {
  const routes = new AnsweredRoutes();
  for (let pod = 0; pod < 1024; pod += 1) routes.note(`uid-${pod}`, answer('eth0', 4));
  routes.note('uid-0', answer('net1', 4));
  routes.note('uid-new', answer('eth0', 4));
  assert.equal(routes.of('uid-1', 'eth0'), undefined);
  assert.deepEqual(routes.of('uid-0', 'eth0'), answer('eth0', 4));
  assert.deepEqual(routes.of('uid-new', 'eth0'), answer('eth0', 4));
});
