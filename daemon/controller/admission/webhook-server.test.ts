import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { connect, createServer } from 'node:net';
import { after, test } from 'node:test';
import { createLogger } from '../../../src/log/logger.ts';
import { until } from '../../../test/integration/harness/until.ts';
import { freePort } from '../../../test/support/free-port.ts';
import { makeAuthority, makeServerCertificate } from '../certificates/certificate-maker.ts';
import type { ReviewHandler } from './admission-routes.ts';
import type { CertificateProvider, ServingCertificate } from './serving-certificate.ts';
import { WebhookServer } from './webhook-server.ts';

const authority = await makeAuthority(Date.now());
const certificate = await makeServerCertificate(authority, { dns: [], ip: ['127.0.0.1'] }, Date.now());
const log = createLogger('webhook-test', 'fatal');
const agent = new Agent({ keepAlive: true, ca: authority.cert });
after(() => agent.destroy());

class Given implements CertificateProvider {
  current: ServingCertificate | undefined;
  #listener: (certificate: ServingCertificate) => void = () => undefined;

  constructor(current?: ServingCertificate) {
    this.current = current;
  }

  onChange(listener: (certificate: ServingCertificate) => void): void {
    this.#listener = listener;
  }

  give(next: ServingCertificate): void {
    this.#listener(next);
  }
}

async function serve(
  routes: Record<string, ReviewHandler>,
  certificates: CertificateProvider = new Given(certificate),
) {
  const port = await freePort();
  return {
    port,
    server: new WebhookServer({ port, certificates, log, routes: new Map(Object.entries(routes)) }),
  };
}

async function post(port: number, path: string, body = '{}', method = 'POST') {
  const sent = request({
    host: '127.0.0.1',
    port,
    path,
    method,
    agent,
    headers: { 'content-length': body.length },
  });
  sent.end(body);
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response.setEncoding('utf8')) text += part as string;
  return { status: response.statusCode as number, text };
}

test('WebhookServer refuses connections until there is a certificate that can be used', async () => {
  const certificates = new Given();
  const { port, server } = await serve({ '/a': async () => ({ fine: true }) }, certificates);
  await using _ = server;
  assert.match(server.problem ?? '', /no certificate yet/);
  await assert.rejects(post(port, '/a'), { code: 'ECONNREFUSED' });
  certificates.give({ cert: 'x', key: 'y' });
  await assert.rejects(post(port, '/a'), { code: 'ECONNREFUSED' });
  certificates.give(certificate);
  await until('it listens', async () => (await post(port, '/a')).status === 200);
  assert.equal(server.problem, undefined);
});

test('WebhookServer waits for a port that is taken', async () => {
  const port = await freePort();
  const holder = createServer().listen(port);
  await once(holder, 'listening');
  const routes = new Map([['/a', async () => ({})]]);
  await using server = new WebhookServer({ port, certificates: new Given(certificate), log, routes });
  await until('it says so', () => server.problem?.includes('EADDRINUSE'));
  holder.close();
  await until('it listens', async () => (await post(port, '/a')).status === 200);
  assert.equal(server.problem, undefined);
});

test('WebhookServer outlives a handler that throws, and refuses what it does not serve', async () => {
  const { port, server } = await serve({
    '/a': async () => {
      throw new Error('a defect');
    },
  });
  await using _ = server;
  await until(
    'it listens',
    async () => (await post(port, '/webhook-health-check', '', 'GET')).status === 200,
  );
  assert.deepEqual(await post(port, '/a'), {
    status: 500,
    text: 'internal error of spiderpool-controller; its log has the details',
  });
  assert.equal((await post(port, '/a', '', 'GET')).status, 405);
  assert.deepEqual(await post(port, '/b?timeout=10s'), {
    status: 404,
    text: 'there is no such webhook here; there are /a',
  });
});

test('WebhookServer lets requests under way finish at its end, also while somebody never finishes a handshake', async () => {
  const release = Promise.withResolvers<void>();
  const started = Promise.withResolvers<void>();
  const { port, server } = await serve({
    '/a': async () => {
      started.resolve();
      await release.promise;
      return { finished: true };
    },
  });
  await until(
    'it listens',
    async () => (await post(port, '/webhook-health-check', '', 'GET')).status === 200,
  );
  const silent = connect({ host: '127.0.0.1', port });
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  const answer = post(port, '/a');
  await started.promise;
  const closed = server[Symbol.asyncDispose]();
  release.resolve();
  assert.deepEqual(await answer, { status: 200, text: '{"finished":true}' });
  await closed;
  if (!silent.closed) await once(silent, 'close');
  await assert.rejects(post(port, '/a'));
});
