import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddress } from '../ip/address.ts';
import { CniError } from './error.ts';
import { parseNetworkConfig } from './parse-config.ts';
import { cniVersions } from './version.ts';

const minimal = { cniVersion: '1.0.0', name: 'net' };

function errorOf(config: unknown): CniError {
  try {
    parseNetworkConfig(config);
  } catch (error) {
    assert.ok(error instanceof CniError, String(error));
    return error;
  }
  throw assert.fail(`accepted ${JSON.stringify(config)}`);
}

test('parseNetworkConfig() accepts every supported version and applies the defaults', () => {
  for (const cniVersion of cniVersions) {
    assert.deepEqual(parseNetworkConfig({ cniVersion, name: 'net', type: 'macvlan', unknown: 1 }), {
      cniVersion,
      name: 'net',
      defaultIPv4Pools: [],
      defaultIPv6Pools: [],
      cleanGateway: false,
      matchMasterSubnet: false,
      requestedAddresses: [],
      validAttachments: undefined,
      prevResult: undefined,
    });
  }
});

test('parseNetworkConfig() refuses a missing, empty or unknown version with code 1 and says which are supported', () => {
  for (const [version, named] of [
    [undefined, '0.1.0'],
    ['', '0.1.0'],
    ['0.2.0', '0.2.0'],
    ['1.2.0', '1.2.0'],
    ['v1.0.0', 'v1.0.0'],
  ] as const) {
    const error = errorOf({ name: 'net', cniVersion: version });
    assert.equal(error.code, 1);
    assert.equal(
      error.details,
      `config is "${named}", plugin supports ["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]`,
    );
  }
});

test('parseNetworkConfig() refuses what is no JSON object with code 6', () => {
  for (const config of [null, undefined, [], [minimal], 'text', 7, true]) {
    assert.equal(errorOf(config).code, 6);
  }
});

test('parseNetworkConfig() holds the name to the rule of the specification, code 7', () => {
  for (const name of [
    undefined,
    null,
    '',
    '-a',
    '.a',
    '_a',
    'a b',
    'a/b',
    'ä',
    'a\n',
    'a&b',
    5,
    ['a'],
    'a'.repeat(254),
  ]) {
    assert.equal(errorOf({ ...minimal, name }).code, 7, JSON.stringify(name));
  }
  for (const name of ['a', '0', 'A-b_c.d', 'a'.repeat(253)]) {
    assert.equal(parseNetworkConfig({ ...minimal, name }).name, name);
  }
});

test('parseNetworkConfig() checks the name before the version, as libcni does', () => {
  assert.equal(errorOf({ cniVersion: '9.9.9' }).code, 7);
});

test('parseNetworkConfig() reads keys in any case, and the exact spelling wins', () => {
  const config = parseNetworkConfig({
    CNIVersion: '0.4.0',
    NAME: 'net',
    IPAM: {
      Default_IPv4_IPPool: ['a'],
      default_ipv6_ippool: ['b'],
      DEFAULT_IPV6_IPPOOL: ['c'],
      CLEAN_gateway: true,
    },
  });
  assert.deepEqual(
    [config.cniVersion, config.defaultIPv4Pools, config.defaultIPv6Pools, config.cleanGateway],
    ['0.4.0', ['a'], ['b'], true],
  );
});

test('parseNetworkConfig() refuses wrong types with code 7, the path of the key and what to write', () => {
  const rows: [key: string, value: unknown, rule: RegExp][] = [
    ['log_level', 3, /ipam\.log_level must be a string/],
    ['log_level', 'verbose', /ipam\.log_level must be one of debug, info/],
    ['log_file_path', true, /ipam\.log_file_path must be a string/],
    ['log_file_path', 'spiderpool.log', /absolute/],
    ['log_file_path', '/etc/cron.d/job', /below \/var\/log/],
    ['log_file_path', '/var/log/../../etc/passwd', /below \/var\/log/],
    ['log_file_path', '/var/log/', /below \/var\/log/],
    ['log_file_path', '/var/logs/x', /below \/var\/log/],
    ['log_file_path', '/var/log/a\nb', /control characters/],
    [
      'log_file_max_size',
      '10',
      /ipam\.log_file_max_size must be a whole number, such as 10, without quotes, but is the string "10"/,
    ],
    ['log_file_max_age', 1.5, /ipam\.log_file_max_age must be a whole number/],
    ['log_file_max_count', [], /ipam\.log_file_max_count must be a whole number.*an array/],
    ['default_ipv4_ippool', 'pool', /ipam\.default_ipv4_ippool must be an array/],
    ['default_ipv4_ippool', ['a', 1], /ipam\.default_ipv4_ippool\[1\] must be a string/],
    ['default_ipv6_ippool', [''], /ipam\.default_ipv6_ippool\[0\] must not be empty/],
    ['default_ipv6_ippool', ['a<b'], /control character or one of & < >/],
    ['default_ipv6_ippool', ['a\u0007'], /control character/],
    ['default_ipv6_ippool', ['a'.repeat(254)], /longer than 253/],
    ['default_ipv4_ippool', Array.from({ length: 65 }, () => 'a'), /more than 64/],
    ['clean_gateway', 'true', /ipam\.clean_gateway must be true or false, without quotes/],
    ['match_master_subnet', 1, /ipam\.match_master_subnet must be true or false/],
    ['ipam_unix_socket_path', {}, /ipam\.ipam_unix_socket_path must be a string/],
    ['ipam_unix_socket_path', 'spiderpool.sock', /absolute/],
    ['ipam_unix_socket_path', '/run/a\0b', /control characters/],
    ['ipam_unix_socket_path', `/${'a'.repeat(108)}`, /107 bytes/],
  ];
  for (const [key, value, rule] of rows) {
    const error = errorOf({ ...minimal, ipam: { [key]: value } });
    assert.equal(error.code, 7, key);
    assert.match(error.message, rule);
  }
  assert.match(errorOf({ ...minimal, ipam: [] }).message, /ipam must be an object/);
  assert.match(errorOf({ ...minimal, cniVersion: 1 }).message, /cniVersion must be a string/);
});

test('parseNetworkConfig() accepts the documented keys', () => {
  const ipam = {
    type: 'spiderpool',
    log_level: 'INFO',
    log_file_path: '/var/log/spidernet/other.log',
    log_file_max_size: 10,
    log_file_max_age: -1,
    log_file_max_count: 0,
    default_ipv4_ippool: Array.from({ length: 64 }, (_, index) => `pool-${index}*`),
    clean_gateway: true,
    match_master_subnet: null,
    ipam_unix_socket_path: '/run/other.sock',
  };
  const config = parseNetworkConfig({ ...minimal, ipam });
  assert.equal(config.defaultIPv4Pools.length, 64);
  assert.equal(config.cleanGateway, true);
  assert.equal(config.matchMasterSubnet, false);
});

test('parseNetworkConfig() takes runtimeConfig.ips before args.cni.ips and drops prefixes', () => {
  const args = { cni: { ips: ['10.0.0.2/24'] } };
  assert.deepEqual(parseNetworkConfig({ ...minimal, args }).requestedAddresses, [parseAddress('10.0.0.2')]);
  const runtimeConfig = { ips: ['10.0.0.3', 'fd00::3/64'] };
  assert.deepEqual(parseNetworkConfig({ ...minimal, args, runtimeConfig }).requestedAddresses, [
    parseAddress('10.0.0.3'),
    parseAddress('fd00::3'),
  ]);
  assert.deepEqual(parseNetworkConfig({ ...minimal, args, runtimeConfig: { ips: [] } }).requestedAddresses, [
    parseAddress('10.0.0.2'),
  ]);
});

test('parseNetworkConfig() refuses addresses that are none, and two of one family', () => {
  for (const text of [
    '10.0.0',
    '10.0.0.1/',
    '10.0.0.1/x',
    '10.0.0.1/24/3',
    '10.0.0.1/999',
    'fd00::1%eth0',
    ' 1.2.3.4',
  ]) {
    const error = errorOf({ ...minimal, runtimeConfig: { ips: [text] } });
    assert.equal(error.code, 7);
    assert.match(error.message, /runtimeConfig\.ips\[0\] must be an IP address/);
  }
  assert.equal(errorOf({ ...minimal, runtimeConfig: { ips: ['10.0.0.1', '10.0.0.2'] } }).code, 104);
});

test('parseNetworkConfig() reads the valid attachments of GC', () => {
  const config = parseNetworkConfig({
    ...minimal,
    'cni.dev/valid-attachments': [{ containerID: 'c1', ifname: 'eth0' }],
    prevResult: { ips: [] },
  });
  assert.deepEqual(config.validAttachments, [{ containerId: 'c1', ifName: 'eth0' }]);
  assert.deepEqual(config.prevResult, { ips: [] });
  for (const list of ['c1', ['c1'], [{}], [{ containerID: 'c1' }], [{ containerID: 1, ifname: 'eth0' }]]) {
    const error = errorOf({ ...minimal, 'cni.dev/valid-attachments': list });
    assert.equal(error.code, 7);
    assert.match(error.message, /cni\.dev\/valid-attachments/);
  }
});

test('parseNetworkConfig() throws nothing but CniError, and no control characters, on any input', () => {
  const keys = [
    'cniVersion',
    'name',
    'ipam',
    'args',
    'runtimeConfig',
    'default_ipv4_ippool',
    'log_level',
    '__proto__',
  ];
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 0, 'net', '1.0.0', '\u001b[2J', '\ud800'),
      fc.string({ unit: 'binary' }),
      fc.double(),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie('json'), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(
      fc.oneof(json, fc.record({ cniVersion: json, name: fc.constant('net'), ipam: json })),
      (config) => {
        try {
          parseNetworkConfig(config);
        } catch (error) {
          assert.ok(error instanceof CniError, String(error));
          // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
          assert.doesNotMatch(error.message, /[\u0000-\u001f\u007f-\u009f]/);
        }
      },
    ),
  );
});
