import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Narrator } from './narrator.ts';

test('Narrator.claim() prints what holds, and throws what was expected and what came otherwise', () => {
  const output = new PassThrough();
  const narrator = new Narrator(output);
  narrator.claim('both are equal', { a: [1] }, { a: [1] });
  assert.throws(() => narrator.claim('one is two', 1, 2), {
    code: 'SP_DEMO_CLAIM',
    message: '"one is two" is not so\n  expected 2\n  but got  1',
  });
  assert.equal(narrator.claims, 1);
  assert.equal(String(output.read()), '  ✓ both are equal\n');
});

test('Narrator numbers sections, indents what programs print, and has no styles on a pipe', () => {
  const output = new PassThrough();
  const narrator = new Narrator(output);
  narrator.section('First');
  narrator.command('true');
  narrator.block('one\n\ntwo\n');
  narrator.section('Second');
  assert.equal(String(output.read()), '\n1. First\n  $ true\n    one\n\n    two\n\n2. Second\n');
});
