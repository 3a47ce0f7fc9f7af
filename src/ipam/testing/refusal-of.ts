import assert from 'node:assert/strict';
import { CniCode, CniError } from '../../cni/error.ts';

/** The message of the refusal (code 105) that a reader throws; fails when it throws anything else or nothing. */
export function refusalOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof CniError, String(error));
    assert.equal(error.code, CniCode.badSelection);
    return error.message;
  }
  assert.fail('nothing was refused');
}
