import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type RememberedFiles, type ResolvedFiles, resolvePoolFiles } from './pool-files.ts';

const nothing: RememberedFiles = { good: new Map(), retired: new Map() };

function pool(name: string, ips = '10.6.0.10-10.6.0.20'): string {
  return [
    'apiVersion: spiderpool.spidernet.io/v2beta1',
    'kind: SpiderIPPool',
    `metadata: {name: ${name}}`,
    `spec: {subnet: 10.6.0.0/16, ips: ["${ips}"]}`,
  ].join('\n');
}

function documents(...texts: string[]): string {
  return texts.join('\n---\n');
}

function inForce({ pools }: ResolvedFiles): string[] {
  return pools
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec }) => `${metadata.name} ${spec.ips?.join(',')}`);
}

function going({ pools }: ResolvedFiles): string[] {
  return pools
    .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
    .map(({ metadata }) => metadata.name);
}

test('resolvePoolFiles() puts the pools of all files in force, by name', () => {
  const resolved = resolvePoolFiles(
    [
      { name: 'b.yaml', text: pool('a') },
      { name: 'a.yaml', text: documents(pool('c'), pool('b')) },
    ],
    nothing,
  );
  assert.deepEqual(
    inForce(resolved).map((text) => text.split(' ')[0]),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(resolved.problems, []);
});

test('resolvePoolFiles() keeps the last good version of a file with an error, and reports file, line and field', () => {
  const before = resolvePoolFiles([{ name: 'a.yaml', text: pool('a') }], nothing);
  const bad = pool('a', '10.9.0.1');
  const after = resolvePoolFiles([{ name: 'a.yaml', text: bad }], before.remembered);
  assert.deepEqual(inForce(after), inForce(before));
  assert.match(after.problems[0] ?? '', /^a\.yaml:4: spec\.ips\[0\]: /);
  assert.match(after.conditions.get('a')?.[0]?.message ?? '', /last good version is in force: a\.yaml:4/);
  assert.deepEqual(after.remembered, before.remembered);
});

test('resolvePoolFiles() takes nothing from a bad file that never was good', () => {
  const resolved = resolvePoolFiles([{ name: 'a.yaml', text: documents(pool('a'), 'kind: [') }], nothing);
  assert.deepEqual(resolved.pools, []);
  assert.equal(resolved.problems.length, 1);
});

test('resolvePoolFiles() takes an empty file for one that is being written', () => {
  const before = resolvePoolFiles([{ name: 'a.yaml', text: pool('a') }], nothing);
  for (const text of ['', '\n', '# nothing\n']) {
    const after = resolvePoolFiles([{ name: 'a.yaml', text }], before.remembered);
    assert.deepEqual(inForce(after), inForce(before));
    assert.match(after.problems[0] ?? '', /a\.yaml.*empty/);
  }
});

test('resolvePoolFiles() tells what is hardly meant so as a warning, and puts it in force', () => {
  const { problems, warnings, pools } = resolvePoolFiles(
    [{ name: 'a.yaml', text: pool('a', '10.6.0.0-10.6.0.5') }],
    nothing,
  );
  assert.deepEqual(problems, []);
  assert.match(warnings[0] ?? '', /^a\.yaml:4: spec\.ips/);
  assert.equal(pools.length, 1);
});

test('resolvePoolFiles() retires the pools of a removed file and those that left their file', () => {
  const before = resolvePoolFiles(
    [
      { name: 'a.yaml', text: documents(pool('a'), pool('b')) },
      { name: 'c.yaml', text: pool('c') },
    ],
    nothing,
  );
  const after = resolvePoolFiles([{ name: 'a.yaml', text: pool('b') }], before.remembered);
  assert.deepEqual(going(after), ['a', 'c']);
  assert.deepEqual(
    inForce(after).map((text) => text.split(' ')[0]),
    ['b'],
  );
  const later = resolvePoolFiles([{ name: 'a.yaml', text: pool('b') }], after.remembered);
  assert.deepEqual(going(later), ['a', 'c']);
});

test('resolvePoolFiles() takes a retired pool back when its manifest returns, in whatever file', () => {
  const before = resolvePoolFiles([{ name: 'a.yaml', text: pool('a') }], nothing);
  const without = resolvePoolFiles([], before.remembered);
  const back = resolvePoolFiles([{ name: 'z.yaml', text: pool('a', '10.6.0.30') }], without.remembered);
  assert.deepEqual(inForce(back), ['a 10.6.0.30']);
  assert.deepEqual([...back.remembered.retired.keys()], []);
});

test('resolvePoolFiles() lets everything be as it was when the folder can not be read', () => {
  const before = resolvePoolFiles([{ name: 'a.yaml', text: pool('a') }], nothing);
  const after = resolvePoolFiles(undefined, before.remembered);
  assert.deepEqual(inForce(after), inForce(before));
  assert.deepEqual(going(after), []);
});

test('resolvePoolFiles() takes the first by file name of two pools with one name, and reports both', () => {
  const resolved = resolvePoolFiles(
    [
      { name: 'b.yaml', text: pool('a', '10.6.0.2') },
      { name: 'a.yaml', text: pool('a', '10.6.0.1') },
    ],
    nothing,
  );
  assert.deepEqual(inForce(resolved), ['a 10.6.0.1']);
  assert.match(resolved.problems[0] ?? '', /SpiderIPPool a is in a\.yaml and in b\.yaml/);
  assert.equal(resolved.conditions.get('a')?.[0]?.type, 'DuplicateName');
});

test('resolvePoolFiles() never loses a pool over any history of edits: it is in force or retired', () => {
  const texts = fc.constantFrom(
    pool('a'),
    pool('b'),
    documents(pool('a'), pool('b')),
    'kind: [',
    '',
    pool('c', '10.9.9.9'),
  );
  const folder = fc.option(
    fc.uniqueArray(fc.record({ name: fc.constantFrom('1.yaml', '2.yaml'), text: texts }), {
      selector: ({ name }) => name,
    }),
    { nil: undefined },
  );
  fc.assert(
    fc.property(fc.array(folder, { maxLength: 8 }), (history) => {
      let remembered = nothing;
      const seen = new Set<string>();
      for (const files of history) {
        const resolved = resolvePoolFiles(files, remembered);
        for (const { metadata } of resolved.pools) seen.add(metadata.name);
        assert.deepEqual(
          resolved.pools.map(({ metadata }) => metadata.name),
          [...seen].toSorted(),
        );
        remembered = resolved.remembered;
      }
    }),
  );
});
