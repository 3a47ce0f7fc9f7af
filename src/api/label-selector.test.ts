import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { LabelSelector } from './label-selector.ts';
import { isEmptyLabelSelector, matchesLabelSelector, validateLabelSelector } from './label-selector.ts';
import { labelKeyProblem, labelValueProblem } from './label-syntax.ts';

const one = (operator: string, values?: string[]): LabelSelector => ({
  matchExpressions: [{ key: 'a', operator, ...(values && { values }) }],
});

describe('matchesLabelSelector()', () => {
  const cases: readonly (readonly [LabelSelector, Record<string, string>, boolean])[] = [
    [{}, {}, true],
    [{}, { a: 'b' }, true],
    [{ matchLabels: {}, matchExpressions: [] }, { a: 'b' }, true],
    [{ matchLabels: { a: 'b' } }, { a: 'b', c: 'd' }, true],
    [{ matchLabels: { a: 'b' } }, { a: 'c' }, false],
    [{ matchLabels: { a: '' } }, {}, false],
    [{ matchLabels: { a: '' } }, { a: '' }, true],
    [one('In', ['b', 'c']), { a: 'c' }, true],
    [one('In', ['b', 'c']), { a: 'd' }, false],
    [one('In', ['b']), {}, false],
    [one('NotIn', ['b']), { a: 'b' }, false],
    [one('NotIn', ['b']), { a: 'c' }, true],
    [one('NotIn', ['b']), {}, true],
    [one('Exists'), { a: '' }, true],
    [one('Exists'), { b: '' }, false],
    [one('DoesNotExist'), {}, true],
    [one('DoesNotExist'), { a: 'b' }, false],
    [one('in', ['b']), { a: 'b' }, false],
    [one('In'), { a: 'b' }, false],
    [one('NotIn'), { a: 'b' }, false],
    [{ matchLabels: { a: 'b' }, ...one('NotIn', ['b']) }, { a: 'b' }, false],
    [{ matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, {}, false],
  ];
  for (const [selector, labels, expected] of cases) {
    test(`matchesLabelSelector() says ${expected} for ${JSON.stringify(selector)} and ${JSON.stringify(labels)}`, () => {
      assert.equal(matchesLabelSelector(selector, labels), expected);
    });
  }

  const key = fc.constantFrom('a', 'b', 'c');
  const value = fc.constantFrom('', 'x', 'y');
  const labels = fc.dictionary(key, value);
  const values = fc.array(value, { minLength: 1 });

  test('matchesLabelSelector() has opposites', () => {
    fc.assert(
      fc.property(labels, values, (given, listed) => {
        const says = (selector: LabelSelector) => matchesLabelSelector(selector, given);
        assert.equal(says(one('In', listed)), !says(one('NotIn', listed)));
        assert.equal(says(one('Exists')), !says(one('DoesNotExist')));
      }),
    );
  });

  test('matchesLabelSelector() takes matchLabels as In of one value, and requirements as a conjunction', () => {
    fc.assert(
      fc.property(labels, labels, (given, wanted) => {
        const expressions = Object.entries(wanted).map(([k, v]) => ({ key: k, operator: 'In', values: [v] }));
        const whole = matchesLabelSelector({ matchLabels: wanted }, given);
        assert.equal(matchesLabelSelector({ matchExpressions: expressions }, given), whole);
        const parts = expressions.every((e) => matchesLabelSelector({ matchExpressions: [e] }, given));
        assert.equal(parts, whole);
      }),
    );
  });
});

describe('validateLabelSelector()', () => {
  test('validateLabelSelector() accepts every well-formed selector', () => {
    const selector: LabelSelector = {
      matchLabels: { 'a.b/c_d': 'x', e: '' },
      matchExpressions: [
        { key: 'a', operator: 'In', values: ['', 'x.y-z_1'] },
        { key: 'b', operator: 'NotIn', values: ['x'] },
        { key: 'c', operator: 'Exists' },
        { key: 'd', operator: 'DoesNotExist', values: [] },
      ],
    };
    assert.deepEqual(validateLabelSelector(selector, 'spec.podAffinity'), []);
  });

  test('validateLabelSelector() collects every fault with its place', () => {
    const selector: LabelSelector = {
      matchLabels: { 'a/b/c': 'x' },
      matchExpressions: [
        { key: '-a', operator: 'In', values: ['x', 'y z'] },
        { key: 'b', operator: 'Exists', values: ['x'] },
        { key: 'c', operator: 'NotIn', values: [] },
        { key: 'd', operator: '=' },
      ],
    };
    const found = validateLabelSelector(selector, 's');
    assert.deepEqual(
      found.map(({ type, path }) => [type, path]),
      [
        ['Invalid', 's.matchLabels[a/b/c]'],
        ['Invalid', 's.matchExpressions[0].key'],
        ['Invalid', 's.matchExpressions[0].values[1]'],
        ['Forbidden', 's.matchExpressions[1].values'],
        ['Required', 's.matchExpressions[2].values'],
        ['NotSupported', 's.matchExpressions[3].operator'],
      ],
    );
    assert.equal(found[3]?.message, 'operator Exists takes no values: remove them, or write In or NotIn');
  });

  test('isEmptyLabelSelector() looks at requirements, not at keys', () => {
    assert.ok(isEmptyLabelSelector({}));
    assert.ok(isEmptyLabelSelector({ matchLabels: {}, matchExpressions: [] }));
    assert.ok(!isEmptyLabelSelector(one('Exists')));
  });
});

describe('labelKeyProblem()', () => {
  for (const key of ['a', 'A1', 'a-b_c.d', 'a'.repeat(63), 'example.com/a', `${'a.'.repeat(126)}a/b`]) {
    test(`labelKeyProblem() accepts ${key.slice(0, 20)}`, () =>
      assert.equal(labelKeyProblem(key), undefined));
  }
  for (const key of [
    '',
    '-a',
    'a-',
    'a b',
    'ä',
    'a'.repeat(64),
    '/a',
    'a/',
    'A.b/c',
    'a/b/c',
    'a\n',
    `${'a.'.repeat(127)}a/b`,
  ]) {
    test(`labelKeyProblem() refuses ${JSON.stringify(key.slice(0, 20))}`, () => {
      assert.match(labelKeyProblem(key) ?? '', /^label key .*write/);
    });
  }

  test('labelValueProblem() follows the syntax of label values', () => {
    for (const value of ['', 'a', 'A_b.c-1', 'a'.repeat(63)])
      assert.equal(labelValueProblem(value), undefined);
    for (const value of [' ', '-', 'a/b', 'a\n', 'a'.repeat(64)])
      assert.match(labelValueProblem(value) ?? '', /write/);
  });
});
