import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { checkListName, configsBefore } from './install-network-config.ts';
import { buildsToTry } from './install-plugin.ts';
import { tryPlugin } from './try-plugin.ts';

test('buildsToTry() takes builds alone, glibc before musl', () => {
  const entries = [
    'spiderpool-musl',
    'README',
    'spiderpool-glibc-baseline',
    'spiderpool',
    '.spiderpool-a',
    'spiderpool-glibc',
  ];
  assert.deepEqual(buildsToTry(entries), [
    'spiderpool-glibc',
    'spiderpool-glibc-baseline',
    'spiderpool-musl',
  ]);
  assert.deepEqual(buildsToTry(['spiderpool-glibc.sig', 'spiderpool-']), []);
});

test('configsBefore() finds what a runtime reads before a list', () => {
  const entries = [
    '20-b.conf',
    '00-c.txt',
    '10-a.json',
    '05-x.conf',
    '10-spiderpool.conflist',
    '.05-y.conf.new-1',
  ];
  assert.deepEqual(configsBefore('10-spiderpool.conflist', entries), ['05-x.conf', '10-a.json']);
});

test('checkListName() takes names that runtimes read, of the folder alone', () => {
  assert.equal(checkListName('10-spiderpool.conflist'), '10-spiderpool.conflist');
  for (const name of ['', '10.conf', '.conflist', '../10.conflist', 'a/b.conflist', '.hidden.conflist']) {
    assert.throws(() => checkListName(name), /write a file name such as/, name);
  }
});

test('tryPlugin() ends a plugin that hangs', async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'hangs');
  await writeFile(file, '#!/bin/sh\nread -r nothing\nexec tail -f /dev/null\n', { mode: 0o755 });
  const { signal } = new AbortController();
  assert.deepEqual(await tryPlugin(file, { hostRoot: '/', signal, timeoutMs: 300 }), {
    kind: 'timed-out',
    afterMs: 300,
  });
});

test('tryPlugin() tells that a plugin can’t be started, and starts none after its end', async () => {
  const trial = await tryPlugin('/nowhere/spiderpool', {
    hostRoot: '/',
    signal: new AbortController().signal,
  });
  assert.equal(trial.kind, 'not-started');
  const place = { hostRoot: '/', signal: AbortSignal.abort() };
  await assert.rejects(tryPlugin('/bin/true', place), /ended by a signal; what was installed before stays/);
});
