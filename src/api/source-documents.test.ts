import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseSource } from './source-documents.ts';

function documentsOf(text: string) {
  const outcome = parseSource(text);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return outcome.documents;
}

const block = `# a comment
kind: A
spec:
  ips:
  - one

  - two
  routes:
    - dst: x
      gw: y
    -
      dst: z
  text: |
    kind: not this
    ---
    kind: nor this
  matchLabels:
    a.b/c: d
    "quoted": e
--- # the second
kind: B
spec: {ips: [one,
    two], gateway: g}
...
---
---
kind: &anchor C
copy: *anchor
`;

describe('parseSource()', () => {
  test('parseSource() splits at document marks and not at those inside of texts', () => {
    const values = documentsOf(block).map(({ value }) => value);
    assert.equal(values.length, 4);
    assert.deepEqual(values[1], { kind: 'B', spec: { ips: ['one', 'two'], gateway: 'g' } });
    assert.deepEqual(values[2], null);
    assert.deepEqual(values[3], { kind: 'C', copy: 'C' });
  });

  const places: readonly (readonly [document: number, path: string, line: number])[] = [
    [0, '', 2],
    [0, 'kind', 2],
    [0, 'spec', 3],
    [0, 'spec.ips', 4],
    [0, 'spec.ips[0]', 5],
    [0, 'spec.ips[1]', 7],
    [0, 'spec.ips[2]', 4],
    [0, 'spec.routes[0].gw', 10],
    [0, 'spec.routes[1].dst', 12],
    [0, 'spec.routes[1].gw', 12],
    [0, 'spec.text', 13],
    [0, 'spec.matchLabels[a.b/c]', 18],
    [0, 'spec.matchLabels.quoted', 19],
    [0, 'spec.gateway', 3],
    [0, 'status.allocatedIPs', 2],
    [1, '', 21],
    [1, 'spec.ips[0]', 22],
    [1, 'spec.ips[1]', 23],
    [1, 'spec.gateway', 23],
    [3, 'kind', 27],
    [3, 'copy', 28],
  ];
  for (const [index, path, line] of places) {
    test(`parseSource() finds ${path || 'the root'} of document ${index} in line ${line}`, () => {
      assert.equal(documentsOf(block)[index]?.lineOf(path), line);
    });
  }

  test('parseSource() counts lines of every kind, after a byte order mark too', () => {
    const [document] = documentsOf('\ufeffa: 1\r\nb: 2\nc:\n  d: 4\n');
    assert.deepEqual(
      ['a', 'b', 'c.d'].map((path) => document?.lineOf(path)),
      [1, 2, 4],
    );
  });

  test('parseSource() reads scalars as kubectl does', () => {
    const text =
      '{a: yes, b: off, c: "yes", d: 017, e: 0o17, f: 2026-01-01, g: 10.6.0.1, h: ~, i: 12:30, j: fd00::1}';
    assert.deepEqual(documentsOf(text)[0]?.value, {
      a: true,
      b: false,
      c: 'yes',
      d: 17,
      e: 15,
      f: '2026-01-01',
      g: '10.6.0.1',
      h: null,
      i: '12:30',
      j: 'fd00::1',
    });
  });

  test('parseSource() merges << and keeps the place of the anchor out of it', () => {
    const [document] = documentsOf('base: &b\n  x: 1\nuse:\n  <<: *b\n  z: 2\n');
    assert.deepEqual(document?.value, { base: { x: 1 }, use: { x: 1, z: 2 } });
    assert.equal(document?.lineOf('use.x'), 3);
    assert.equal(document?.lineOf('use.z'), 5);
  });

  const faults: readonly (readonly [string, line: number, message: RegExp])[] = [
    ['a: 1\nb: [1\nc: 2\n', 3, /deficient indentation/],
    ['a: 1\n---\nb: 1\nb: 2\n', 4, /duplicated mapping key/],
    ['a: 1\nb: c: d\n', 2, /indentation/],
    ['a: *x\n', 1, /unidentified alias/],
    ['a: 1\nb: "c', 2, /double quoted/],
    ['a: b\u0007\n', 1, /non-printable/],
    ['a: 1\nb: !!js/function x\n', 2, /unknown scalar tag/],
    [`a: ${'['.repeat(200)}`, 1, /nesting/],
    [`a: &x 1\nb:\n${'- *x\n'.repeat(101)}`, 103, /alias/],
  ];
  for (const [text, line, message] of faults) {
    test(`parseSource() names line ${line} of ${JSON.stringify(text.slice(0, 20))}`, () => {
      const outcome = parseSource(text);
      assert.ok(!outcome.ok);
      assert.equal(outcome.line, line);
      assert.match(outcome.message, message);
    });
  }

  test('parseSource() reads every JSON document, with its lines', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom('\t', '  ', ''), (value, indent) => {
        // JSON has no negative zero once it is written.
        const written = JSON.stringify({ first: 1, value }, undefined, indent);
        const [document] = documentsOf(written);
        assert.deepEqual(document?.value, JSON.parse(written));
        assert.equal(document?.lineOf('value'), indent === '' ? 1 : 3);
      }),
    );
  });

  test('parseSource() never throws', () => {
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '---\n',
      '[',
      ']',
      '{',
      '}',
      '"',
      '|',
      '&x',
      '*x',
      '<<',
      '\t',
      '!',
      '#',
      '%',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        assert.equal(typeof parseSource(pieces.join('')).ok, 'boolean');
      }),
    );
  });
});
