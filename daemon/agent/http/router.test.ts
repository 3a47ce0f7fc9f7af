import assert from 'node:assert/strict';
import test from 'node:test';
import { HttpError } from '../../process/http/http-error.ts';
import type { Handler } from './message.ts';
import { Router } from './router.ts';

const named =
  (name: string): Handler =>
  () =>
    Promise.resolve({ status: 200, body: name });

const router = new Router({
  '/v1/a': { GET: named('list'), POST: named('make') },
  '/v1/a/{address}': { GET: named('one') },
  '/v1/a/all': { GET: named('all') },
});

async function bodyOf(method: string, path: string): Promise<string | undefined> {
  const { handler } = router.match(method, path);
  const request = {
    path,
    parameter: undefined,
    query: new URLSearchParams(),
    body: undefined,
    wantsText: false,
  };
  return (await handler({ ...request, signal: new AbortController().signal })).body;
}

function statusOf(method: string, path: string): number {
  try {
    router.match(method, path);
    return 200;
  } catch (error) {
    assert.ok(error instanceof HttpError);
    return error.status;
  }
}

test('Router.match() finds a handler by path and method, an exact path before a pattern', async () => {
  assert.equal(await bodyOf('GET', '/v1/a'), 'list');
  assert.equal(await bodyOf('POST', '/v1/a'), 'make');
  assert.equal(await bodyOf('GET', '/v1/a/all'), 'all');
  assert.equal(await bodyOf('GET', '/v1/a/fd00::1'), 'one');
});

test('Router.match() decodes the open segment of a pattern', () => {
  assert.equal(router.match('GET', '/v1/a/fd00%3A%3A1').parameter, 'fd00::1');
  assert.equal(statusOf('GET', '/v1/a/%zz'), 400);
});

test('Router.match() refuses an unknown path with 404 and a wrong method with 405', () => {
  for (const path of ['/', '/v1', '/v1/b', '/v1/a/', '/v1/a/b/c', '/__proto__', '/v1/a/{address}/']) {
    assert.equal(statusOf('GET', path), 404, path);
  }
  assert.equal(statusOf('DELETE', '/v1/a'), 405);
  assert.equal(statusOf('constructor', '/v1/a'), 405);
});
