import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { AgentStartError, startAgent } from './agent.ts';
import { createSandbox } from './sandbox.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** A program with the agent's arguments that answers with what it was given: the helper is tested here, not the agent. */
const stranger = `
const { createServer } = require('node:http');
const { rmSync } = require('node:fs');
const socket = process.argv[process.argv.indexOf('--socket') + 1];
rmSync(socket, { force: true });
let asked = 0;
const server = createServer((request, response) => {
  asked += 1;
  let body = '';
  request.on('data', (chunk) => { body += chunk; }).on('end', () => {
    response.statusCode = request.url === '/v1/ipam/healthy' && asked < 3 ? 503 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({
      method: request.method, url: request.url, body, argv: process.argv.slice(2), node: process.env.SPIDERPOOL_NODE_NAME,
      net: require('node:fs').readlinkSync('/proc/self/ns/net'),
    }));
  });
});
server.listen(socket, () => console.log('listening'));
process.on('SIGTERM', () => process.exit(0));
`;

async function strangerIn(folder: string): Promise<string> {
  const executable = join(folder, 'stranger.cjs');
  await writeFile(executable, stranger);
  return executable;
}

test('startAgent() waits for health and hands over folders, pools, configuration and node name', async () => {
  await using folder = await temporaryFolder();
  await using agent = await startAgent({
    folder: folder.path,
    executable: await strangerIn(folder.path),
    pools: [{ kind: 'SpiderIPPool' }],
    config: { enableIPv6: false },
    nodeName: 'node-1',
    args: ['--log-level', 'debug'],
  });
  const { status, body } = await agent.request('POST', '/v1/cni/add', { config: 1 });
  assert.equal(status, 200);
  const folders = ['--pools', agent.poolsFolder, '--socket', agent.socketPath, '--data-dir', agent.dataDir];
  const configPath = join(folder.path, 'conf.yml');
  const { net, ...seen } = body as Record<string, unknown>;
  assert.deepEqual(seen, {
    method: 'POST',
    url: '/v1/cni/add',
    body: '{"config":1}',
    argv: ['daemon', '--store', 'embedded', ...folders, '--config-path', configPath, '--log-level', 'debug'],
    node: 'node-1',
  });
  assert.match(String(net), /^net:/);
  assert.equal(readFileSync(join(agent.poolsFolder, '000.json'), 'utf8'), '{"kind":"SpiderIPPool"}');
  assert.match(agent.log, /listening/);
});

test('RunningAgent.kill() and restart() end and renew the process', async () => {
  await using folder = await temporaryFolder();
  await using agent = await startAgent({ folder: folder.path, executable: await strangerIn(folder.path) });
  const { pid } = agent;
  assert.deepEqual(await agent.kill(), { exitCode: undefined, signal: 'SIGKILL' });
  assert.equal(existsSync(`/proc/${pid}`), false);
  await assert.rejects(agent.request('GET', '/'), { code: 'ECONNREFUSED' });
  await agent.restart();
  assert.notEqual(agent.pid, pid);
  assert.equal((await agent.request('GET', '/')).status, 200);
  assert.deepEqual(await agent.stop(), { exitCode: 0, signal: undefined });
});

test('RunningAgent runs on the node of a sandbox under the pid it tells', async () => {
  await using sandbox = await createSandbox();
  const executable = await strangerIn(sandbox.folder);
  await using agent = await startAgent({ folder: sandbox.folder, executable, sandbox });
  const { body } = await agent.request('GET', '/');
  const node = (await sandbox.run('readlink', ['/proc/self/ns/net'])).stdout.trim();
  assert.equal((body as { net: string }).net, node);
  assert.match(readFileSync(`/proc/${agent.pid}/cmdline`, 'utf8'), /stranger\.cjs/);
});

test('startAgent() shows the log of an agent that ends at its start', async () => {
  await using folder = await temporaryFolder();
  const executable = join(folder.path, 'broken.cjs');
  await writeFile(executable, 'console.error("no such pool folder"); process.exitCode = 1;');
  await assert.rejects(startAgent({ folder: folder.path, executable }), (error: unknown) => {
    assert.ok(error instanceof AgentStartError);
    assert.match(error.message, /no such pool folder/);
    return true;
  });
});
