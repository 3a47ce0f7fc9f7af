import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Manifests } from './manifest.ts';
import { manifestCharactersMax, manifestObjectsMax, parseManifests } from './manifest.ts';
import { apiVersion } from './resources.ts';
import { poolFixture, reservedFixture } from './testing/resources.ts';

const header = (kind: string, name: string) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: ${name}}\n`;
const told = ({ problems }: Manifests) =>
  problems.map(({ level, line, path, message }) => [level, line, path, message]);
const names = ({ resources }: Manifests) =>
  resources.map(({ resource, line }) => `${resource.kind}/${resource.metadata.name}:${line}`);

describe('parseManifests()', () => {
  test('parseManifests() defaults and returns what is valid, with its line', () => {
    const text = `${header('SpiderIPPool', 'a')}spec:\n  subnet: 10.6.0.0/16\n  ips: [10.6.0.2, 10.6.0.1]\n---\n${header('SpiderReservedIP', 'r')}spec:\n  ips: [fd00::1]\n`;
    const found = parseManifests(text, 'pools.yaml');
    assert.deepEqual(found.problems, []);
    assert.deepEqual(found.resources, [
      {
        resource: poolFixture({ ips: ['10.6.0.1-10.6.0.2'], default: false, disable: false }),
        file: 'pools.yaml',
        line: 1,
      },
      { resource: reservedFixture({ ipVersion: 6, ips: ['fd00::1'] }), file: 'pools.yaml', line: 8 },
    ]);
  });

  test('parseManifests() tells file, line, field and what to write', () => {
    const text = `# pools\n${header('SpiderIPPool', 'a')}spec:\n  subnet: 10.6.0.0/16\n  ips:\n    - 10.6.0.10-10.6.0.20\n  gatway: 10.6.0.1\n  routes:\n    - dst: 10.7.0.0/16\n      gw: 10.6.0.1\n    - dst: 10.8.0.0/16\n      gw: 10.9.0.1\n---\n${header('SpiderIPPool', 'b')}spec:\n  ips: yes\n`;
    const found = parseManifests(text, 'pools.yaml');
    assert.deepEqual(told(found), [
      ['warning', 9, 'spec.gatway', 'unknown field "gatway": it is ignored; did you mean gateway?'],
      [
        'error',
        14,
        'spec.routes[1].gw',
        '"10.9.0.1" is outside of the subnet 10.6.0.0/16: write addresses from 10.6.0.0 to 10.6.255.255',
      ],
      ['error', 19, 'spec.subnet', 'subnet is missing: write the CIDR of the network, such as "10.6.0.0/16"'],
      [
        'error',
        20,
        'spec.ips',
        'true is a boolean: write a list, such as ["10.6.0.10-10.6.0.20", "10.6.0.30"]',
      ],
    ]);
    assert.deepEqual(found.resources, []);
    assert.ok(found.problems.every(({ file }) => file === 'pools.yaml'));
  });

  test('parseManifests() reads lists, in YAML and in JSON', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [poolFixture(), poolFixture({ gateway: 'x' }, { name: 'b' }), 7],
    };
    const found = parseManifests(JSON.stringify(list, undefined, 2), 'pools.json');
    assert.deepEqual(names(found), ['SpiderIPPool/a:5']);
    assert.deepEqual(told(found), [
      [
        'error',
        31,
        'items[1].spec.gateway',
        '"x" is not an IPv4 address: write one of the subnet 10.6.0.0/16',
      ],
      ['error', 34, 'items[2]', '7 is no object: write apiVersion, kind, metadata and spec'],
    ]);
    const typed = { ...list, kind: 'SpiderIPPoolList', items: [poolFixture()] };
    assert.deepEqual(names(parseManifests(JSON.stringify(typed), 'x.json')), ['SpiderIPPool/a:1']);
  });

  test('parseManifests() passes over empty documents and notes other kinds', () => {
    const found = parseManifests(
      `---\n# nothing\n---\napiVersion: v1\nkind: ConfigMap\n---\nfoo: 1\n---\n- 1\n---\napiVersion: ${apiVersion}\nkind: SpiderIpPools\n`,
      'x.yaml',
    );
    assert.deepEqual(told(found), [
      [
        'note',
        5,
        'kind',
        'kind "ConfigMap" is ignored: only SpiderIPPool and SpiderReservedIP are read here',
      ],
      ['error', 7, 'kind', 'kind is missing: write SpiderIPPool or SpiderReservedIP'],
      ['error', 9, '', 'a list is no object: write apiVersion, kind, metadata and spec'],
      ['error', 12, 'kind', '"SpiderIpPools" is not known: did you mean SpiderIPPool?'],
    ]);
  });

  test('parseManifests() takes the first of two objects of one name', () => {
    const reserved = `${header('SpiderReservedIP', 'a')}spec: {ips: [10.0.0.1]}\n`;
    const found = parseManifests(`${reserved}---\n${reserved}`, 'x.yaml');
    assert.deepEqual(names(found), ['SpiderReservedIP/a:1']);
    assert.deepEqual(told(found), [
      ['error', 8, 'metadata.name', 'SpiderReservedIP "a" stands in line 1 already: write another name'],
    ]);
  });

  test('parseManifests() accepts what a server dumps, and drops what only a server decides', () => {
    const dump = {
      ...poolFixture({}, { deletionTimestamp: '2026-01-01T00:00:00Z', uid: 'u' }),
      status: { totalIPCount: 9.3e18 },
    };
    const found = parseManifests(JSON.stringify(dump), 'x.json');
    assert.deepEqual(found.problems, []);
    assert.equal(found.resources[0]?.resource.metadata.deletionTimestamp, undefined);
    assert.ok(!Object.hasOwn(found.resources[0]?.resource ?? {}, 'status'));
  });

  test('parseManifests() warns of what is legal and hardly meant', () => {
    const text = `${header('SpiderIPPool', 'a')}spec:\n  subnet: 10.6.0.0/24\n  ips: [10.6.0.0-10.6.0.255]\n  nodeName: [Node_1]\n---\n${header('SpiderIPPool', 'b')}spec:\n  subnet: fd00::/64\n`;
    const found = parseManifests(text, 'x.yaml');
    assert.equal(found.resources.length, 2);
    assert.deepEqual(told(found), [
      [
        'warning',
        6,
        'spec.ips',
        '10.6.0.0 is the network address of the subnet, no pod can use it: add it to excludeIPs',
      ],
      [
        'warning',
        6,
        'spec.ips',
        '10.6.0.255 is the broadcast address of the subnet, no pod can use it: add it to excludeIPs',
      ],
      ['warning', 7, 'spec.nodeName[0]', '"Node_1" is no name of an object, so it matches nothing'],
      ['warning', 12, 'spec.ips', 'the pool has no address to hand out: write some in ips'],
    ]);
  });

  test('parseManifests() reports the line of a syntax error', () => {
    assert.deepEqual(told(parseManifests('a: 1\nb: c: d\n', 'x.yaml')), [
      ['error', 2, '', 'not YAML or JSON: bad indentation of a mapping entry'],
    ]);
  });

  test('parseManifests() bounds the size of a file', () => {
    assert.deepEqual(told(parseManifests('#'.repeat(manifestCharactersMax + 1), 'x.yaml')), [
      ['error', 1, '', 'the file has more than 1048576 characters: split it'],
    ]);
  });

  test('parseManifests() bounds the objects of a file and keeps the first', () => {
    const text = Array.from(
      { length: manifestObjectsMax + 1 },
      (_, i) => `${header('SpiderReservedIP', `r${i}`)}spec: {ips: [10.0.0.1]}\n`,
    ).join('---\n');
    const found = parseManifests(text, 'x.yaml');
    assert.equal(found.resources.length, manifestObjectsMax);
    assert.deepEqual(told(found), [
      [
        'error',
        manifestObjectsMax * 5 + 1,
        '',
        'the file has more than 1000 objects: move the rest to another file',
      ],
    ]);
  });

  test('parseManifests() tells a hundred problems and counts the others', () => {
    const found = parseManifests(`kind: List\nitems: [${'1,'.repeat(120)}]\n`, 'x.yaml');
    assert.equal(found.problems.length, 101);
    assert.equal(found.problems.at(-1)?.message, '20 more problems: correct the first ones to see them');
  });

  test('parseManifests() answers for any text', () => {
    const line = fc.constantFrom(
      'apiVersion: spiderpool.spidernet.io/v2beta1',
      'kind: SpiderIPPool',
      'kind: List',
      'metadata:',
      '  name: a',
      'spec:',
      '  subnet: 10.6.0.0/16',
      '  ips:',
      '  - 10.6.0.1',
      'items:',
      '- kind: SpiderReservedIP',
      '---',
      '  x: {',
      '}',
      '  gateway: ~',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const text = lines.join('\n');
        for (const problem of parseManifests(text, 'x').problems) {
          assert.ok(problem.line >= 1 && problem.line <= lines.length + 1, JSON.stringify(problem));
        }
      }),
    );
  });
});
