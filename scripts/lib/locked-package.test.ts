import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkIntegrity, LockedPackageError, lockedPackage } from './locked-package.mjs';
import { packageArchitectures } from './package-arguments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('locked-package', () => {
  test('lockedPackage() knows the Node of every architecture, all of the version that runs here', () => {
    for (const architecture of packageArchitectures) {
      const { version, integrity } = lockedPackage(root, `node-linux-${architecture}`);
      assert.equal(`v${version}`, process.version);
      assert.match(integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
    }
  });

  test('checkIntegrity() accepts the bytes that were locked, and no others', () => {
    // Of the three letters, by `openssl dgst -sha512 -binary | base64`.
    const integrity =
      'sha512-3a81oZNherrMQXNJriBBMRLm+k6JqX6iCp7u5ktV05ohkpkqJ0/BqDa6PCOj/uu9RU1EI2Q86A4qmslPpUyknw==';
    checkIntegrity('abc', Buffer.from('abc'), integrity);
    assert.throws(() => checkIntegrity('abd', Buffer.from('abd'), integrity), LockedPackageError);
  });
});
