import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExplainNicShape } from '../wire/shapes.ts';
import { explainText } from './explain-text.ts';

const granted: ExplainNicShape = {
  nic: 'net1',
  family: 4,
  source: 'cni-config',
  sourceTitle: 'the CNI config',
  candidates: [
    { pool: 'b', accepted: true, exhausted: true },
    { pool: 'c', accepted: true },
    { pool: 'a', accepted: false, reason: 'is \u0007disabled' },
  ],
  address: '10.6.0.15/24',
  pool: 'c',
};
const refused: ExplainNicShape = {
  nic: 'net1',
  family: 6,
  source: 's',
  sourceTitle: 'nobody',
  candidates: [],
};

test('explainText() numbers the pools in the order in which they are tried', () => {
  assert.equal(
    explainText({ nics: [granted] }),
    [
      'net1 IPv4, pools of the CNI config\n',
      '  TRY  POOL  RESULT     REASON\n',
      '    1  b     exhausted  has no address left\n',
      '    2  c     chosen\n',
      '    -  a     rejected   is \\u0007disabled\n',
      '  address 10.6.0.15/24 from pool c\n',
    ].join(''),
  );
});

test('explainText() ends with the reason why the ADD would fail', () => {
  const text = explainText({
    nics: [granted, refused],
    error: { code: 103, msg: 'no free address', details: 'pool a' },
  });
  assert.ok(
    text.endsWith(
      '\n\nnet1 IPv6, pools of nobody\n  no pools\n  no address\n\nthe ADD would fail with code 103: no free address (pool a)\n',
    ),
    text,
  );
});

test('explainText() wraps reasons and the error to the width of a terminal', () => {
  const reason = 'word '.repeat(30).trim();
  const nic = { ...granted, candidates: [{ pool: 'a', accepted: false, reason }] };
  const text = explainText({ nics: [nic], error: { code: 102, msg: reason } }, { widthMax: 50 });
  for (const line of text.split('\n')) assert.ok(line.length <= 50, line);
});
