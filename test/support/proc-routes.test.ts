import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIpv4Routes, parseIpv6Routes } from './proc-routes.ts';

const ipv4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT                                                       
eth0	00000000	01000A0A	0003	0	0	0	00000000	0	0	0                                                                               
eth0	00000A0A	00000000	0001	0	0	0	00FFFFFF	0	0	0                                                                             
net1	0000A8C0	FE01000A	0003	0	0	100	0000FFFF	0	0	0                                                                             
*	000010AC	00000000	0201	0	0	0	0000F0FF	0	0	0                                                                             
`;

const ipv6 = `fd000010000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fd000010000000000000000000000001 00000400 00000003 00000000 00000003     eth0
fd000010000000000000000000000005 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001     eth0
fd000010000000000000000000000000 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 00100001     eth0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000002 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

test('parseIpv4Routes() reads gateways, links and metrics, and leaves out what is rejected', () => {
  assert.deepEqual(parseIpv4Routes(ipv4), [
    { destination: '0.0.0.0/0', gateway: '10.10.0.1', nic: 'eth0', metric: 0 },
    { destination: '10.10.0.0/24', gateway: undefined, nic: 'eth0', metric: 0 },
    { destination: '192.168.0.0/16', gateway: '10.0.1.254', nic: 'net1', metric: 100 },
  ]);
});

test('parseIpv6Routes() keeps what `ip -6 route` shows', () => {
  assert.deepEqual(parseIpv6Routes(ipv6), [
    { destination: 'fd00:10::/64', gateway: undefined, nic: 'eth0', metric: 256 },
    { destination: 'fe80::/64', gateway: undefined, nic: 'eth0', metric: 256 },
    { destination: '::/0', gateway: 'fd00:10::1', nic: 'eth0', metric: 1024 },
  ]);
});

test('parseIpv4Routes() and parseIpv6Routes() read no routes from an empty table', () => {
  assert.deepEqual(parseIpv4Routes(ipv4.split('\n')[0] ?? ''), []);
  assert.deepEqual(parseIpv6Routes(''), []);
});

test('parseIpv4Routes() and parseIpv6Routes() refuse other text', () => {
  assert.throws(() => parseIpv4Routes('Iface\neth0 nonsense'), /not a line of/);
  assert.throws(() => parseIpv4Routes('Iface\neth0 zz 00 01 0 0 0 00'), /not a hexadecimal number: 01|zz/);
  assert.throws(() => parseIpv6Routes('fd00 40'), /not a line of/);
});
