import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { prepareStateFolder } from './state-folder.ts';

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'state-'));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('prepareStateFolder() makes a folder that only its owner may enter', async () => {
  await inFolder(async (folder) => {
    const path = join(folder, 'a', 'b');
    await prepareStateFolder(path);
    assert.equal(statSync(path).mode & 0o7777, 0o700);
  });
});

test('prepareStateFolder() closes a folder that others may enter', async () => {
  await inFolder(async (folder) => {
    chmodSync(folder, 0o755);
    await prepareStateFolder(folder);
    assert.equal(statSync(folder).mode & 0o7777, 0o700);
  });
});

test('prepareStateFolder() refuses a folder that everybody shares, and a path that is no folder', async () => {
  await inFolder(async (folder) => {
    chmodSync(folder, 0o1777);
    await assert.rejects(prepareStateFolder(folder), {
      code: 'STATE_FOLDER_UNUSABLE',
      message: /--data-dir/,
    });
    assert.equal(statSync(folder).mode & 0o7777, 0o1777);
    writeFileSync(join(folder, 'file'), '');
    await assert.rejects(prepareStateFolder(join(folder, 'file')), { code: 'STATE_FOLDER_UNUSABLE' });
  });
});
