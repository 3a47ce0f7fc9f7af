import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectionText } from './collection-text.ts';

const report = { request: 'r', examined: 1, suspected: 0, freed: [], freedCount: 0, suspectCount: 0 };

test('collectionText() says what a collection looked at', () => {
  assert.equal(collectionText(report), 'looked at 1 record, freed 0 addresses\n');
});

test('collectionText() lists what was freed, how it is used from now on, and what is left', () => {
  const more = { examined: 9, suspected: 2, freed: ['10.6.0.1', 'a\u001b'], freedCount: 5, suspectCount: 1 };
  assert.equal(
    collectionText({ ...report, ...more }),
    [
      'looked at 9 records, freed 5 addresses\n',
      '1 of them may still answer on the wire: they are used last\n',
      '2 suspected: a later pass frees what is still gone then\n',
      '  10.6.0.1\n',
      '  a\\u001b\n',
      '  and 3 more\n',
    ].join(''),
  );
});
