import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ListFormat } from './list-format.ts';
import { formatJson, formatYaml } from './machine-format.ts';

const item = fc.record({
  address: fc.string(),
  count: fc.bigInt(),
  more: fc.array(fc.string(), { maxLength: 2 }),
});

test('ListFormat writes in pages what formatJson() and formatYaml() write at once', () => {
  fc.assert(
    fc.property(fc.array(fc.array(item, { maxLength: 3 }), { maxLength: 4 }), (pages) => {
      const whole = { items: pages.flat() };
      for (const [format, expected] of [
        ['json', formatJson(whole)],
        ['yaml', formatYaml(whole)],
      ] as const) {
        const list = new ListFormat('items', format);
        assert.equal(pages.map((page) => list.page(page)).join('') + list.end(), expected);
      }
    }),
  );
});
