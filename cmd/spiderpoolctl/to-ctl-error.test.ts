import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CniError } from '../../src/cni/error.ts';
import { KubeError } from '../../src/kube/kube-api.ts';
import { KubeconfigError } from '../../src/kube/kubeconfig-error.ts';
import { LedgerError } from '../../src/ledger/errors.ts';
import { CtlError } from './ctl-error.ts';
import { toCtlError } from './to-ctl-error.ts';

const { signal } = new AbortController();

function kube(status: number, reason = ''): KubeError {
  const fate = status >= 400 && status < 500 ? 'refused' : 'unknown';
  return new KubeError(`GET /x: ${status} ${reason}`, { status, reason, fate });
}

function told(error: unknown, by = signal): CtlError {
  const outcome = toCtlError(error, by);
  assert.ok(outcome instanceof CtlError, String(outcome));
  return outcome;
}

test('toCtlError() tells a right that is missing and the roles that have it, wherever the answer is wrapped', () => {
  const cause = kube(403, 'Forbidden');
  for (const error of [
    cause,
    new LedgerError('LEDGER_IO', 'the API server could not be used', { cause }),
    new CniError(11, "pod a can't be read", { cause }),
  ]) {
    const { code, message } = told(error);
    assert.equal(code, 'CTL_REFUSED');
    assert.match(message, /a right is missing: GET \/x: 403 .*spiderpool-viewer .*spiderpool-operator/);
  }
});

test('toCtlError() tells an API server that is away from one that says no', () => {
  for (const error of [kube(0), kube(503), kube(429)]) assert.equal(told(error).code, 'CTL_CLUSTER_AWAY');
  assert.equal(told(new LedgerError('LEDGER_CLOSED', 'closed')).code, 'CTL_CLUSTER_AWAY');
  for (const error of [kube(401), kube(409, 'Conflict'), kube(404, 'NotFound')]) {
    assert.equal(told(error).code, 'CTL_REFUSED');
  }
  assert.match(told(kube(404)).message, /is Spiderpool installed in this cluster\?/);
  assert.doesNotMatch(told(kube(404, 'NotFound')).message, /installed/);
});

test('toCtlError() shows the code of a decision, and takes a wrong kubeconfig for wrong usage', () => {
  assert.equal(told(new CniError(102, 'no pool may be used')).message, 'no pool may be used [code 102]');
  assert.equal(told(new KubeconfigError('no cluster')).code, 'CTL_USAGE');
});

test('toCtlError() takes every failure after an interruption for that, and leaves defects as they are', () => {
  assert.equal(told(new Error('cut'), AbortSignal.abort()).code, 'CTL_INTERRUPTED');
  const usage = new CtlError('CTL_USAGE', 'wrong');
  assert.equal(toCtlError(usage, AbortSignal.abort()), usage);
  const defect = new TypeError('x is not a function');
  assert.equal(toCtlError(defect, signal), defect);
});
