import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CORE_SCHEMA, load, YAML11_SCHEMA } from 'js-yaml';
import { parseExactJson } from '../api/exact-json.ts';
import { formatJson, formatYaml } from './machine-format.ts';

// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const dangerous = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

test('formatJson() and formatYaml() write integers beyond 2^53 with all digits', () => {
  const value = { total: 9_223_372_036_854_775_807n, free: 2n ** 80n, small: 7 };
  assert.equal(
    formatJson(value),
    '{\n  "total": 9223372036854775807,\n  "free": 1208925819614629174706176,\n  "small": 7\n}\n',
  );
  assert.equal(formatYaml(value), 'total: 9223372036854775807\nfree: 1208925819614629174706176\nsmall: 7\n');
});

test('formatYaml() quotes what another reader would take for a number, a boolean or a time', () => {
  const value = { mac: '10:20', yes: 'yes', address: '::1', version: '1.0', since: '2026-01-02T03:04:05Z' };
  assert.deepEqual(load(formatYaml(value), { schema: YAML11_SCHEMA }), value);
  assert.deepEqual(load(formatYaml(value), { schema: CORE_SCHEMA }), value);
});

test('formatJson() and formatYaml() escape what a terminal would obey', () => {
  const value = { pod: 'a\u001b[2J\u009b31m\u202eb\u{e0041}\tc\n' };
  assert.equal(formatJson(value), '{\n  "pod": "a\\u001b[2J\\u009b31m\\u202eb\\udb40\\udc41\\tc\\n"\n}\n');
  const yaml = formatYaml(value);
  assert.doesNotMatch(yaml, dangerous);
  assert.deepEqual(load(yaml), value);
});

const scalars = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(...Array.from('ab: #-"\'\n\t\u0000\u001b\u0085\u2028\u202e')),
    maxLength: 12,
  }),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }),
  fc.integer().map((n) => (n === 0 ? 0 : n)),
  fc.boolean(),
  fc.constant(null),
);
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    scalars,
    fc.array(tie('tree'), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), tie('tree'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('formatJson() is read back as the same value and prints nothing dangerous', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const text = formatJson(value);
      assert.deepEqual(parseExactJson(text), value);
      assert.doesNotMatch(text, dangerous);
    }),
  );
});

/** js-yaml reads numbers as doubles: compare what is not exact there by its digits. */
function withoutBigint(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigint);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutBigint(item)]));
}

test('formatYaml() is read back as the same value and prints nothing dangerous', () => {
  fc.assert(
    fc.property(tree, (value) => {
      const text = formatYaml(value);
      assert.deepEqual(load(text), withoutBigint(value));
      assert.doesNotMatch(text, dangerous);
    }),
  );
});
