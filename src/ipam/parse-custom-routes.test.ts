import assert from 'node:assert/strict';
import test from 'node:test';
import { formatAddress } from '../ip/address.ts';
import { formatCidr } from '../ip/cidr.ts';
import { parseCustomRoutes } from './parse-custom-routes.ts';
import { refusalOf } from './testing/refusal-of.ts';

function texts(annotation: string): string[] {
  return parseCustomRoutes(annotation).map(
    ({ destination, gateway }) => `${formatCidr(destination)} via ${formatAddress(gateway)}`,
  );
}

test('parseCustomRoutes() reads routes of both families, the default route too, in their order', () => {
  const annotation =
    '[{"dst":"0.0.0.0/0","gw":"10.6.0.1"},{"Dst":"fd00:7::1/64","GW":"fd00:6::1"},{"dst":"10.7.9.9/16","gw":"10.6.0.2"}]';
  assert.deepEqual(texts(annotation), [
    '0.0.0.0/0 via 10.6.0.1',
    'fd00:7::/64 via fd00:6::1',
    '10.7.0.0/16 via 10.6.0.2',
  ]);
  assert.deepEqual(texts('[]'), []);
});

test('parseCustomRoutes() refuses bad routes, each with its place and what stands there', () => {
  const rows: readonly [string, RegExp][] = [
    ['', /: is empty;/],
    ['{"dst":"10.0.0.0/8","gw":"10.6.0.1"}', /: must be an array, \[…\], but is an object/],
    ['[{"gw":"10.6.0.1"}]', /: \[0\]\.dst is missing: it must be a subnet, such as "10\.0\.0\.0\/16";/],
    ['[{"dst":"10.0.0.0/8"}]', /: \[0\]\.gw is missing: it must be an IP address/],
    ['[{"dst":"10.0.0.0","gw":"10.6.0.1"}]', /: \[0\]\.dst must be a subnet.*but is "10\.0\.0\.0";/],
    ['[{"dst":"10.0.0.0/33","gw":"10.6.0.1"}]', /: \[0\]\.dst must be .*"10\.0\.0\.0\/33";/],
    ['[{"dst":"10.0.0.0/8","gw":"10.6.0.1/24"}]', /: \[0\]\.gw must be .*"10\.6\.0\.1\/24";/],
    ['[{"dst":"10.0.0.0/8","gw":"10.06.0.1"}]', /: \[0\]\.gw must be .*"10\.06\.0\.1";/],
    ['[{"dst":5,"gw":"10.6.0.1"}]', /: \[0\]\.dst must be a string, "…", but is 5;/],
    [
      '[{"dst":"10.0.0.0/8","gw":"10.6.0.1"},{"dst":"::/0","gw":"10.6.0.1"}]',
      /: \[1\]\.gw is an IPv4 address, but dst is an IPv6 subnet: "10\.6\.0\.1";/,
    ],
    [`[${Array.from({ length: 129 }, () => '{}').join()}]`, /: must not have more than 128 entries;/],
    [JSON.stringify([{ dst: '1'.repeat(70), gw: '::' }]), /: \[0\]\.dst must be a subnet.*"1{70}";/],
  ];
  for (const [annotation, problem] of rows) {
    const message = refusalOf(() => parseCustomRoutes(annotation));
    assert.match(message, /^pod annotation ipam\.spidernet\.io\/routes: /);
    assert.match(message, problem);
    assert.match(message, /; write for example \[\{"dst":"10\.0\.0\.0\/16","gw":"192\.168\.1\.1"\}\]$/);
  }
});
