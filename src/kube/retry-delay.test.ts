import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KubeError, type KubeRequest, type RequestFate } from './kube-api.ts';
import { retryDelayMs } from './retry-delay.ts';

const methods: readonly KubeRequest['method'][] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

function failure(status: number, fate: RequestFate, retryAfterMs?: number): KubeError {
  return new KubeError('a', { status, fate, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

function retried(error: KubeError): readonly string[] {
  return methods.filter((method) => retryDelayMs(error, method, 0, 0) !== undefined);
}

test('retryDelayMs() repeats any request that the API server did not look at', () => {
  assert.deepEqual(retried(failure(0, 'not-sent')), methods);
  assert.deepEqual(retried(failure(429, 'refused')), methods);
});

test('retryDelayMs() repeats only a GET when the request may have been done', () => {
  for (const status of [0, 500, 502, 503, 504])
    assert.deepEqual(retried(failure(status, 'unknown')), ['GET']);
});

test('retryDelayMs() repeats nothing that was refused', () => {
  for (const status of [400, 401, 403, 404, 409, 410, 422])
    assert.deepEqual(retried(failure(status, 'refused')), []);
});

test('retryDelayMs() grows from 50 ms to a few seconds, and never goes below what the API server asked for', () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(
      fc.nat(100),
      random,
      fc.option(fc.nat(60_000), { nil: undefined }),
      (failures, chance, askedMs) => {
        const delayMs = retryDelayMs(failure(429, 'refused', askedMs), 'GET', failures, chance);
        assert.ok(delayMs !== undefined);
        assert.ok(delayMs >= (askedMs ?? 25) && delayMs <= (askedMs ?? 0) + 3_200, String(delayMs));
      },
    ),
  );
  const waits = [0, 1, 2, 3].map((failures) => retryDelayMs(failure(0, 'not-sent'), 'GET', failures, 0));
  assert.deepEqual(waits, [50, 100, 200, 400]);
});
