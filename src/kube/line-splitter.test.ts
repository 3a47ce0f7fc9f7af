import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, LineTooLongError } from './line-splitter.ts';

const lineBytesMax = 64;
const line = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => !text.includes('\n') && Buffer.byteLength(text) <= lineBytesMax);

test('LineSplitter.push() gives the same lines however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(300)), (lines, cuts) => {
      const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(''));
      const splitter = new LineSplitter(lineBytesMax);
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const found = places.flatMap((place, index) =>
        splitter.push(bytes.subarray(places[index - 1] ?? 0, place)),
      );
      assert.deepEqual(found, lines);
      assert.equal(splitter.pendingBytes, 0);
    }),
  );
});

test('LineSplitter.push() leaves empty lines out and keeps a line that has no end yet', () => {
  const splitter = new LineSplitter(lineBytesMax);
  assert.deepEqual(splitter.push(Buffer.from('\na\n\nb')), ['a']);
  assert.equal(splitter.pendingBytes, 1);
  assert.deepEqual(splitter.push(Buffer.from('c\n')), ['bc']);
});

test('LineSplitter.push() refuses a line above its limit, in one piece or in many', () => {
  const longest = 'x'.repeat(lineBytesMax);
  assert.deepEqual(new LineSplitter(lineBytesMax).push(Buffer.from(`${longest}\n`)), [longest]);
  assert.throws(() => new LineSplitter(lineBytesMax).push(Buffer.from(`${longest}x\n`)), LineTooLongError);
  const splitter = new LineSplitter(lineBytesMax);
  splitter.push(Buffer.from(longest));
  assert.throws(() => splitter.push(Buffer.from('x')), LineTooLongError);
});
