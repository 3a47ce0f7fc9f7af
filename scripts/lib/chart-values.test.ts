import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { describedValues, undescribedPaths, valuesSchema, valuesTable } from './chart-values.ts';

const text = `
# not a description
ports:
  # -- Port of the node
  httpPort: 5710
image:
  # -- When | where
  pullPolicy: Always
  tag: ''
# -- Whole maps have one
resources:
  requests:
    cpu: 100m
plain: true
`;
const defaults = {
  ports: { httpPort: 5710 },
  image: { pullPolicy: 'Always', tag: '' },
  resources: { requests: { cpu: '100m' } },
  plain: true,
};

test('describedValues() gives each described key with its path and default', () => {
  assert.deepEqual(describedValues(text, defaults), [
    { path: 'ports.httpPort', default: 5710, description: 'Port of the node' },
    { path: 'image.pullPolicy', default: 'Always', description: 'When | where' },
    { path: 'resources', default: { requests: { cpu: '100m' } }, description: 'Whole maps have one' },
  ]);
});

test('describedValues() finds the path of a key at any depth', () => {
  const key = fc.stringMatching(/^[a-z][a-zA-Z]{0,8}$/);
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 6 }), (keys) => {
      const lines = keys.map((each, depth) => `${'  '.repeat(depth)}${each}:`);
      const last = lines.pop() ?? '';
      const indent = '  '.repeat(keys.length - 1);
      const nested = keys.reduceRight<unknown>((inner, each) => ({ [each]: inner }), 1);
      const found = describedValues([...lines, `${indent}# -- It`, `${last} 1`].join('\n'), nested as object);
      assert.deepEqual(found, [{ path: keys.join('.'), default: 1, description: 'It' }]);
    }),
  );
});

test('undescribedPaths() names what no comment covers', () => {
  assert.deepEqual(undescribedPaths(describedValues(text, defaults), defaults), ['image.tag', 'plain']);
});

test('valuesSchema() takes types from defaults, closes maps but for those of the user, and lets the ignored in', () => {
  const schema = valuesSchema(describedValues(text, defaults), defaults, ['rdma', 'image.flavour', 'a.b.c']);
  const ignored = { description: "A value of the original's chart, without effect here" };
  assert.deepEqual(schema, {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    additionalProperties: false,
    properties: {
      ports: {
        type: 'object',
        additionalProperties: false,
        properties: {
          httpPort: { description: 'Port of the node', type: 'integer', minimum: 1, maximum: 65_535 },
        },
      },
      image: {
        type: 'object',
        additionalProperties: false,
        properties: {
          pullPolicy: {
            description: 'When | where',
            type: 'string',
            enum: ['Always', 'IfNotPresent', 'Never'],
          },
          tag: { type: 'string' },
          flavour: ignored,
        },
      },
      resources: { description: 'Whole maps have one', type: 'object' },
      plain: { type: 'boolean' },
      rdma: ignored,
      enabled: { description: 'Read by a chart that has this one as a part', type: 'boolean' },
    },
  });
});

test('valuesTable() has a row for each value', () => {
  assert.equal(
    valuesTable([{ path: 'a.b', default: 'x|y', description: 'It' }]),
    '| value | default | meaning |\n|---|---|---|\n| `a.b` | `"x\\|y"` | It |',
  );
});
