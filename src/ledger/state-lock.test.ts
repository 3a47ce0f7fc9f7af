import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { LedgerError } from './errors.ts';
import { lockStateFolder, StateFolderInUseError } from './state-lock.ts';

const OWNER = `import { lockStateFolder } from ${JSON.stringify(new URL('state-lock.ts', import.meta.url).href)};
globalThis.lock = lockStateFolder(process.argv[1]);
process.stdout.write('locked');
setInterval(() => {}, 1000);`;

describe('lockStateFolder()', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'state-lock-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const isInUse = (error: unknown): boolean => {
    assert.ok(error instanceof StateFolderInUseError);
    assert.equal(error.code, 'STATE_FOLDER_IN_USE');
    assert.ok(error.message.includes(folder));
    return true;
  };

  it('lockStateFolder() has one owner at a time', () => {
    const first = lockStateFolder(folder);
    assert.equal(statSync(join(folder, 'lock')).mode & 0o777, 0o600);
    assert.throws(() => lockStateFolder(folder), isInUse);
    first[Symbol.dispose]();
    lockStateFolder(folder)[Symbol.dispose]();
  });

  it('lockStateFolder() is free again when its owner was killed', async () => {
    const args = ['--input-type=module', '--eval', OWNER, folder];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(owner, 'exit');
    try {
      await Promise.race([once(owner.stdout, 'data'), exited]);
      assert.throws(() => lockStateFolder(folder), isInUse);
    } finally {
      owner.kill('SIGKILL');
      await exited;
    }
    lockStateFolder(folder)[Symbol.dispose]();
  });

  it('lockStateFolder() says that a folder can’t be used', () => {
    assert.throws(() => lockStateFolder(join(folder, 'missing')), LedgerError);
  });
});
