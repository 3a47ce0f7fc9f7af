import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sweepText } from './sweep-text.ts';

test('sweepText() counts and lists what was freed', () => {
  assert.equal(
    sweepText({ examined: 1, suspected: 0, freed: ['10.6.0.14'] }),
    'looked at 1 record, freed 1 address\n  10.6.0.14\n',
  );
});

test('sweepText() tells what becomes of the suspected', () => {
  assert.equal(
    sweepText({ examined: 12, suspected: 2, freed: [] }),
    'looked at 12 records, freed 0 addresses, 2 suspected: a later pass frees what is still gone then\n',
  );
});
