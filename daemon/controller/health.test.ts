import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import test from 'node:test';
import { pino } from 'pino';
import { until } from '../../test/integration/harness/until.ts';
import { freePort } from '../../test/support/free-port.ts';
import { makeAuthority, makeServerCertificate } from './certificates/certificate-maker.ts';
import { serveControllerHealth } from './health.ts';

const log = pino({ level: 'silent' });

async function look(port: number, path: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

test('serveControllerHealth() tells start, life and readiness apart', async () => {
  const [port, webhookPort] = [await freePort(), await freePort()];
  const state = { isStarted: false, leader: '', isLeader: false, isLeaderSynced: false };
  await using health = serveControllerHealth({
    port,
    webhookPort,
    isStarted: () => state.isStarted,
    leader: () => state.leader,
    isLeader: () => state.isLeader,
    isLeaderSynced: () => state.isLeaderSynced,
    log,
  });
  const status = async (route: string): Promise<number> => (await look(port, `/v1/runtime/${route}`)).status;
  await until('the port is served', async () => (await status('startup')) === 500);
  assert.equal(health.problem, undefined);
  state.isStarted = true;
  assert.equal(await status('startup'), 200);
  assert.match(
    (await look(port, '/v1/runtime/liveness')).text,
    /^"the webhook port does not answer: .*ECONNREFUSED/,
  );

  // Signed by nobody whom this process trusts, and for another name.
  const names = { dns: ['other.ns.svc'], ip: [] };
  const pair = await makeServerCertificate(await makeAuthority(Date.now()), names, Date.now());
  let answerStatus = 200;
  const webhook = createServer(pair, ({ url }, response) => {
    response.writeHead(url === '/webhook-health-check' ? answerStatus : 404).end();
  });
  webhook.listen(webhookPort, '127.0.0.1');
  await once(webhook, 'listening');
  assert.deepEqual(await look(port, '/v1/runtime/liveness'), { status: 200, text: '' });

  assert.match((await look(port, '/v1/runtime/readiness')).text, /no controller leads/);
  state.leader = 'other';
  assert.equal(await status('readiness'), 200);
  state.leader = 'me';
  state.isLeader = true;
  assert.match((await look(port, '/v1/runtime/readiness')).text, /the leader has not read the cluster yet/);
  state.isLeaderSynced = true;
  assert.equal(await status('readiness'), 200);

  answerStatus = 503;
  assert.deepEqual(await look(port, '/v1/runtime/liveness'), {
    status: 500,
    text: '"the webhook port answers 503"',
  });
  assert.equal(await status('readiness'), 500);
  assert.equal(await status('startup'), 200);
  webhook.close();
  webhook.closeAllConnections();
});

test('serveControllerHealth() says where to go with what the original declares on the port', async () => {
  const port = await freePort();
  await using health = serveControllerHealth({
    port,
    webhookPort: undefined,
    isStarted: () => true,
    leader: () => 'other',
    isLeader: () => false,
    isLeaderSynced: () => false,
    log,
  });
  await until('the port is served', async () => (await look(port, '/v1/runtime/startup')).status === 200);
  assert.equal(health.problem, undefined);
  // Without webhooks nothing is asked.
  assert.equal((await look(port, '/v1/runtime/readiness')).status, 200);
  for (const path of ['/v1/ipam/ip', '/v1/ipam/gc_ips', '/v1/ipam/status']) {
    const { status, text } = await look(port, path);
    assert.equal(status, 501, path);
    assert.match(text, /spiderpoolctl/, path);
  }
  const other = await look(port, '/toString');
  assert.deepEqual(other, { status: 501, text: '"/toString is not served on this port"' });
});
