import assert from 'node:assert/strict';
import test from 'node:test';
import { CniCode, CniError } from './error.ts';
import { FieldReader } from './field-reader.ts';

function messageOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof CniError);
    return error.message;
  }
  assert.fail('nothing was thrown');
}

function mine(problem: string): CniError {
  return new CniError(CniCode.badSelection, `mine: ${problem}`);
}

test('FieldReader.objects() reads each object of an array, under its own path', () => {
  const root = new FieldReader({ List: [{ a: 1 }, { a: 'x' }] }, 'ipam');
  const [first, second, ...rest] = root.objects('list', 2);
  assert.equal(first?.integer('a'), 1);
  assert.match(
    messageOf(() => second?.integer('a')),
    /: ipam\.list\[1\]\.a must be a whole number/,
  );
  assert.deepEqual(rest, []);
  assert.deepEqual(root.objects('none', 2), []);
  assert.match(
    messageOf(() => root.objects('list', 1)),
    /ipam\.list must not have more than 1 entries/,
  );
  const wrong = new FieldReader({ list: [null] }, '');
  assert.match(
    messageOf(() => wrong.objects('list', 1)),
    /list\[0\] must be an object, \{…\}, but is null$/,
  );
});

test('FieldReader shows what it refuses, cut and without control characters', () => {
  const root = new FieldReader({ a: { long: 'x'.repeat(100) }, b: ['\u001b'], c: ['a&b'] }, '');
  assert.match(
    messageOf(() => root.string('a')),
    /but is an object, \{"long":"x{51}…$/,
  );
  assert.match(
    messageOf(() => root.string('b')),
    /but is an array, \["\\u001b"\]$/,
  );
  const limits = { countMax: 1, lengthMax: 9 };
  assert.match(
    messageOf(() => root.strings('c', limits)),
    /c\[0\] contains .*: "a&b"$/,
  );
});

test('FieldReader throws what its refusal makes, also from the readers that it gives', () => {
  const root = new FieldReader({ '': { list: [{ a: 1 }] } }, '', mine);
  assert.equal(
    messageOf(() => root.list('', 1)),
    'mine: must be an array, […], but is an object, {"list":[{"a":1}]}',
  );
  const [entry] = root.object('')?.objects('list', 1) ?? [];
  assert.match(
    messageOf(() => entry?.string('a')),
    /^mine: list\[0\]\.a must be a string/,
  );
});
