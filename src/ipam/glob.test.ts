import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { compileGlob, isGlob } from './glob.ts';

const table: readonly [pattern: string, name: string, expected: boolean | undefined][] = [
  ['abc', 'abc', true],
  ['*', 'abc', true],
  ['*c', 'abc', true],
  ['a*', 'a', true],
  ['a*', 'ab/c', false],
  ['a*/b', 'abc/b', true],
  ['a*b*c*d*e*', 'axbxcxdxexxx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzx', true],
  ['a*b?c*x', 'abxbbxdbxebxczzy', false],
  ['ab[c]', 'abc', true],
  ['ab[b-d]', 'abc', true],
  ['ab[e-g]', 'abc', false],
  ['ab[^c]', 'abc', false],
  ['ab[^e-g]', 'abc', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'ab', false],
  ['a?b', 'a/b', false],
  ['[\\]a]', ']', true],
  ['[\\-x]', '-', true],
  ['[x\\-]', 'z', false],
  ['[]a]', ']', undefined],
  ['[-]', '-', undefined],
  ['[x-]', 'x', undefined],
  ['[', 'a', undefined],
  ['[^', 'a', undefined],
  ['a[', 'a', undefined],
  ['a\\', 'a', undefined],
  ['', '', true],
  ['', 'a', false],
  ['*x', 'xxx', true],
];

test('compileGlob() matches as path.Match does', () => {
  for (const [pattern, name, expected] of table) {
    assert.equal(compileGlob(pattern)?.(name), expected, `${pattern} against ${name}`);
  }
});

test('compileGlob() takes pattern × name steps at most, however many stars there are', () => {
  const matcher = compileGlob('*a'.repeat(120));
  assert.equal(matcher?.(`${'a'.repeat(252)}b`), false);
});

test('compileGlob() of a name without special characters matches that name alone', () => {
  const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/);
  fc.assert(
    fc.property(name, name, (pattern, other) => {
      assert.equal(isGlob(pattern), false);
      assert.equal(compileGlob(pattern)?.(other), pattern === other);
    }),
  );
});

test('compileGlob() matches a name with any run of it replaced by a star', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9-]{0,20}$/), fc.nat(), fc.nat(), (name, a, b) => {
      const start = a % (name.length + 1);
      const end = start + (b % (name.length - start + 1));
      assert.equal(compileGlob(`${name.slice(0, start)}*${name.slice(end)}`)?.(name), true);
    }),
  );
});

test('compileGlob() never throws and never hangs on any pattern', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab*?[]^-\\/') }), fc.string(), (pattern, name) => {
      compileGlob(pattern)?.(name);
    }),
  );
});
