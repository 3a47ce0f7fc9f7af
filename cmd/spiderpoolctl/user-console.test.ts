import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserConsole } from './user-console.ts';

/** Longer than what needs no word of its progress. */
const longMs = 1_100;

function streams(isTTY: boolean): { readonly console: UserConsole; readonly stderr: () => string } {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const console = new UserConsole({ stdin, stdout, stderr: Object.assign(stderr, { isTTY }) });
  return { console, stderr: () => String(stderr.read() ?? '') };
}

test('UserConsole.progress() shows a line to a person after a while, and what follows replaces it', async () => {
  const { console, stderr } = streams(true);
  console.progress('too early');
  assert.equal(stderr(), '');
  await sleep(longMs);
  console.progress('10 so far\u001b');
  assert.equal(stderr(), '\r\u001b[2K10 so far\\u001b');
  console.progress('too often');
  assert.equal(stderr(), '');
  console.note('done');
  assert.equal(stderr(), '\r\u001b[2Kdone\n');
  console.clearProgress();
  assert.equal(stderr(), '');
});

test('UserConsole.progress() says nothing to a file', async () => {
  const { console, stderr } = streams(false);
  await sleep(longMs);
  console.progress('10 so far');
  console.clearProgress();
  assert.equal(stderr(), '');
});
