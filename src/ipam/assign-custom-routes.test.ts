import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type Cidr, cidrContains, parseCidr, subnetOf } from '../ip/cidr.ts';
import { assignCustomRoutes } from './assign-custom-routes.ts';
import { parseCustomRoutes } from './parse-custom-routes.ts';

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  assert.ok(parsed);
  return parsed;
}

test('assignCustomRoutes() gives a route to the first address whose subnet holds its gateway', () => {
  const [a, b, six, lost] = parseCustomRoutes(
    '[{"dst":"0.0.0.0/0","gw":"10.7.0.1"},{"dst":"10.0.0.0/8","gw":"10.6.0.1"},{"dst":"::/0","gw":"fd00::1"},{"dst":"10.9.0.0/16","gw":"10.8.0.1"}]',
  );
  assert.ok(a && b && six && lost);
  const subnets = ['10.6.0.0/16', 'fd00::/64', '10.7.0.0/16', '10.6.0.0/15'].map(cidr);
  assert.deepEqual(assignCustomRoutes([a, b, six, lost], subnets), {
    ofAddress: [[b], [six], [a], []],
    leftOver: [lost],
  });
});

test('assignCustomRoutes() loses and doubles no route, and keeps their order', () => {
  const address = fc.nat({ max: 255 }).map((n) => 0x0a_00_00_00 + n);
  const subnet = fc
    .tuple(address, fc.integer({ min: 24, max: 32 }))
    .map(([at, length]) => subnetOf(at, length));
  const route = address.map((gateway) => ({ destination: cidr('10.1.0.0/16'), gateway }));
  fc.assert(
    fc.property(fc.array(route), fc.array(subnet, { maxLength: 5 }), (routes, subnets) => {
      const { ofAddress, leftOver } = assignCustomRoutes(routes, subnets);
      assert.equal(ofAddress.length, subnets.length);
      for (const [index, own] of ofAddress.entries()) {
        const first = (one: (typeof routes)[number]): number =>
          subnets.findIndex((entry) => cidrContains(entry, one.gateway));
        assert.deepEqual(
          own,
          routes.filter((one) => first(one) === index),
        );
      }
      assert.equal(ofAddress.flat().length + leftOver.length, routes.length);
    }),
  );
});
