import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LedgerError } from '../../src/ledger/errors.ts';
import { LedgerSlot } from './ledger-slot.ts';
import { createTestNode } from './testing/test-node.ts';

const damage = new LedgerError('LEDGER_CORRUPT', 'a record can not be read');

test('LedgerSlot.noteFailure() closes a store of this host that is damaged, and nothing for what passes', async () => {
  await using node = await createTestNode();
  const slot = new LedgerSlot();
  slot.open(node.ledger);
  slot.noteFailure(new LedgerError('LEDGER_IO', 'the API server is away'));
  slot.noteFailure(new Error('a defect'));
  assert.equal(slot.problem, undefined);
  slot.noteFailure(damage);
  assert.match(slot.problem ?? '', /a record can not be read/);
  assert.equal(slot.isDamaged, true);
});

test('LedgerSlot.noteFailure() does not stop a node for one record of a shared store that can not be read', async () => {
  await using node = await createTestNode();
  const slot = new LedgerSlot({ isShared: true });
  slot.open(node.ledger);
  slot.noteFailure(damage);
  assert.equal(slot.problem, undefined);
  assert.equal(slot.isDamaged, false);
});
