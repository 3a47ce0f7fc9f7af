import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { namespaceState, observeNamespace, readBootId } from './netns.ts';

const boot = 'boot-1';

function withFolder(run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'netns-'));
  try {
    run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('observeNamespace() tells device and inode of a namespace that is visible', () => {
  const seen = observeNamespace('/proc/self/ns/net', boot);
  assert.equal(typeof seen.inode, 'bigint');
  assert.equal(namespaceState(seen, boot), 'present');
});

test('namespaceState() calls a namespace gone when its file is gone or is another one', () => {
  withFolder((folder) => {
    const path = join(folder, 'ns');
    writeFileSync(path, '');
    const seen = observeNamespace(path, boot);
    // The first file keeps its inode number, so that the second can't get the same.
    renameSync(path, join(folder, 'old'));
    assert.equal(namespaceState(seen, boot), 'gone');
    writeFileSync(path, '');
    assert.equal(namespaceState(seen, boot), 'gone');
  });
});

test('namespaceState() says nothing of a namespace that was never visible', () => {
  const seen = observeNamespace('/nowhere/ns', boot);
  assert.deepEqual(seen, { path: '/nowhere/ns', bootId: boot });
  assert.equal(namespaceState(seen, boot), 'unknown');
  // After a reboot no namespace of before exists, whether it was visible or not.
  assert.equal(namespaceState(seen, 'boot-2'), 'gone');
});

test('namespaceState() says nothing while the folder of the namespaces is not there', () => {
  withFolder((folder) => {
    mkdirSync(join(folder, 'netns'));
    const path = join(folder, 'netns', 'ns');
    writeFileSync(path, '');
    const seen = observeNamespace(path, boot);
    rmSync(join(folder, 'netns'), { recursive: true });
    assert.equal(namespaceState(seen, boot), 'unknown');
  });
});

test('namespaceState() calls the namespace of an ended process gone', () => {
  const seen = { ...observeNamespace('/proc/self/ns/net', boot), path: '/proc/4194305/ns/net' };
  assert.equal(namespaceState(seen, boot), 'gone');
});

test('namespaceState() calls every namespace of a former boot gone', () => {
  const seen = observeNamespace('/proc/self/ns/net', boot);
  assert.equal(namespaceState(seen, 'boot-2'), 'gone');
  assert.equal(namespaceState(seen, undefined), 'present');
});

test('readBootId() is the same each time', () => {
  assert.match(readBootId() ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(readBootId(), readBootId());
});
