import assert from 'node:assert/strict';
import test from 'node:test';
import type { SpiderIPPoolSpec } from '../api/resources.ts';
import { poolFixture } from '../api/testing/resources.ts';
import { formatAddress } from '../ip/address.ts';
import { formatCidr } from '../ip/cidr.ts';
import { compilePool } from './compile-pool.ts';
import { parseCustomRoutes } from './parse-custom-routes.ts';
import { composeRoutes } from './routes.ts';

function routesOf(spec: Partial<SpiderIPPoolSpec>, cleanGateway: boolean): string[] {
  return composeRoutes(compilePool(poolFixture(spec)), { cleanGateway }).map(
    ({ destination, gateway }) => `${formatCidr(destination)} via ${formatAddress(gateway)}`,
  );
}

const routes = [{ dst: '172.16.0.0/12', gw: '10.6.0.2' }];

test('composeRoutes() gives the routes of the pool and then the default route through its gateway', () => {
  assert.deepEqual(routesOf({ gateway: '10.6.0.1', routes }, false), [
    '172.16.0.0/12 via 10.6.0.2',
    '0.0.0.0/0 via 10.6.0.1',
  ]);
});

test('composeRoutes() gives no default route when the pool has no gateway', () => {
  assert.deepEqual(routesOf({ routes }, false), ['172.16.0.0/12 via 10.6.0.2']);
});

test('composeRoutes() takes away only the default route for clean_gateway', () => {
  assert.deepEqual(routesOf({ gateway: '10.6.0.1', routes }, true), ['172.16.0.0/12 via 10.6.0.2']);
});

test('composeRoutes() gives ::/0 for an IPv6 pool', () => {
  const spec = { ipVersion: 6, subnet: 'fd00::/64', ips: ['fd00::10'], gateway: 'fd00::1' } as const;
  assert.deepEqual(routesOf(spec, false), ['::/0 via fd00::1']);
});

test('composeRoutes() puts the routes of the pod between those of the pool and the default route', () => {
  const customRoutes = parseCustomRoutes(
    '[{"dst":"0.0.0.0/0","gw":"10.6.0.3"},{"dst":"10.9.0.0/16","gw":"10.6.0.4"}]',
  );
  const pool = compilePool(poolFixture({ gateway: '10.6.0.1', routes }));
  const gateways = (cleanGateway: boolean): string[] =>
    composeRoutes(pool, { cleanGateway, customRoutes }).map(({ gateway }) => formatAddress(gateway));
  assert.deepEqual(gateways(false), ['10.6.0.2', '10.6.0.3', '10.6.0.4', '10.6.0.1']);
  assert.deepEqual(gateways(true), ['10.6.0.2', '10.6.0.3', '10.6.0.4']);
});
