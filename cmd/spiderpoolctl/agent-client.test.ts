import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmod, rename, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import * as z from 'zod';
import { AgentClient } from './agent-client.ts';
import { CtlError, type CtlErrorCode } from './ctl-error.ts';
import { StandInAgent } from './testing/ctl-harness.ts';

const never = new AbortController().signal;
const asked = { method: 'GET', path: '/v1/pools' } as const;
const anything = z.unknown();

/** The error that a request must fail with. */
async function failure(
  client: AgentClient,
  signal = never,
): Promise<{ code: CtlErrorCode; message: string }> {
  try {
    await client.send(asked, anything, signal);
  } catch (error) {
    assert.ok(error instanceof CtlError, String(error));
    return error;
  }
  return assert.fail('the request succeeded');
}

test('AgentClient says how to go on when there is no socket, nobody listens on it, or it is none', async () => {
  await using agent = await StandInAgent.listen({});
  const missing = await failure(new AgentClient(join(agent.folder, 'none.sock')));
  assert.equal(missing.code, 'CTL_AGENT_AWAY');
  assert.match(missing.message, /there is no socket .*none\.sock: start spiderpool-agent on this host/);

  // Closing removes the name that was listened on, so the file of a killed agent is left under another one.
  const stale = join(agent.folder, 'stale.sock');
  const killed = createServer().listen(`${stale}.bound`);
  await once(killed, 'listening');
  await rename(`${stale}.bound`, stale);
  await once(killed.close(), 'close');
  assert.match(
    (await failure(new AgentClient(stale))).message,
    /nobody listens .*is spiderpool-agent running\?/,
  );

  const below = await failure(new AgentClient(join(agent.socketPath, 'below')));
  assert.match(below.message, /is not a socket: name the agent's with --socket/);

  const long = await failure(new AgentClient(join(agent.folder, 'x'.repeat(108))));
  assert.match(long.message, /is too long for a socket/);

  const loop = join(agent.folder, 'loop');
  await symlink(loop, loop);
  assert.match((await failure(new AgentClient(loop))).message, /can't be reached: .*ELOOP/);

  await writeFile(join(agent.folder, 'file'), '');
  assert.equal((await failure(new AgentClient(join(agent.folder, 'file')))).code, 'CTL_AGENT_AWAY');
});

test('AgentClient names root when the socket may not be opened', async (t) => {
  await using agent = await StandInAgent.listen({});
  await chmod(agent.socketPath, 0);
  const nobody = 65_534;
  if (process.geteuid?.() === 0) {
    try {
      await chmod(agent.folder, 0o755);
      process.seteuid?.(nobody);
    } catch {
      t.skip('root can not become somebody else here');
      return;
    }
  }
  const error = await failure(new AgentClient(agent.socketPath)).finally(() => {
    if (process.getuid?.() === 0) process.seteuid?.(0);
  });
  assert.equal(error.code, 'CTL_AGENT_AWAY');
  assert.match(error.message, /permission denied on .*run spiderpoolctl as root/);
});

test('AgentClient gives up after its time-out, which it also tells the agent', async () => {
  let deadline: string | string[] | undefined;
  await using agent = await StandInAgent.listen((_request, response) => {
    deadline = response.req.headers['x-spiderpool-deadline-ms'];
  });
  const error = await failure(new AgentClient(agent.socketPath, { timeoutMs: 200 }));
  assert.equal(error.code, 'CTL_AGENT_AWAY');
  assert.match(error.message, /gave no answer within 0\.2 s/);
  assert.equal(deadline, '200');
});

test('AgentClient gives up on a body that never ends', async () => {
  await using agent = await StandInAgent.listen((_request, response) => {
    response.writeHead(200).write('{');
  });
  const error = await failure(new AgentClient(agent.socketPath, { timeoutMs: 300 }));
  assert.match(error.message, /gave no answer within 0\.3 s/);
});

test('AgentClient stops at once when it is interrupted', async () => {
  const interrupted = new AbortController();
  await using agent = await StandInAgent.listen(() => interrupted.abort());
  const error = await failure(new AgentClient(agent.socketPath), interrupted.signal);
  assert.equal(error.code, 'CTL_INTERRUPTED');
});

test('AgentClient tells an agent that was stopped meanwhile', async () => {
  await using agent = await StandInAgent.listen((_request, response) => response.destroy());
  const before = await failure(new AgentClient(agent.socketPath));
  assert.match(before.message, /closed the connection before it answered/);

  await using half = await StandInAgent.listen((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{', () => response.destroy());
  });
  const within = await failure(new AgentClient(half.socketPath));
  assert.match(within.message, /closed the connection before it answered/);
});

test('AgentClient takes no answer that is too large, or no JSON, or of another server', async () => {
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  await using large = await StandInAgent.listen((_request, response) => {
    response.writeHead(200);
    const fill = (): void => {
      while (!response.destroyed && response.write(chunk));
      response.once('drain', fill);
    };
    fill();
  });
  assert.match((await failure(new AgentClient(large.socketPath))).message, /larger than 67108864 bytes/);

  await using page = await StandInAgent.listen((_request, response) => {
    response.writeHead(404).end('<html>not found</html>');
  });
  const strange = await failure(new AgentClient(page.socketPath));
  assert.equal(strange.code, 'CTL_AGENT_AWAY');
  assert.match(strange.message, /no agent of this version: it answers GET \/v1\/pools with HTTP 404/);
});

test("AgentClient repeats the agent's own refusal", async () => {
  await using agent = await StandInAgent.listen((_request, response) => {
    response.writeHead(503).end('{"code":11,"msg":"the records are not loaded yet"}');
  });
  const error = await failure(new AgentClient(agent.socketPath));
  assert.equal(error.code, 'CTL_REFUSED');
  assert.equal(error.message, 'the records are not loaded yet [code 11]');
});
