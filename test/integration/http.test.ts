import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deadlineHeader } from '../../src/cni/request.ts';
import { AgentStartError, startAgent } from '../support/agent.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { addressOf, assertRefused } from './harness/answers.ts';
import { whileLedgerIsLocked } from './harness/ledger-lock.ts';
import { poolManifest } from './harness/manifests.ts';
import { startNode } from './harness/node.ts';
import { RawConnection, statusesOf } from './harness/raw-connection.ts';

const pools = [poolManifest('http', { subnet: '10.80.0.0/16', ips: ['10.80.0.1-10.80.9.255'] })];
const ipam = { default_ipv4_ippool: ['http'] };
const head = (length: number, path = '/v1/cni/add'): string =>
  `POST ${path} HTTP/1.1\r\nhost: agent\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`;

const node = await startNode({ pools });
after(() => node[Symbol.asyncDispose]());

/** Asserts that others are served. */
async function servesOthers(containerId: string): Promise<void> {
  addressOf(await node.ask('add', { containerId, ipam }));
}

suite('the socket serves while somebody', { concurrency: true }, () => {
  for (const [what, text] of [
    ['speaks another protocol', 'SSH-2.0-OpenSSH_9.9\r\n\r\n'],
    ['sends bytes without meaning', '\u0000\u0001\u0002\u0003\u00ff\r\n\r\n'],
    ['sends a malformed request line', 'POST\r\n\r\n'],
    ['sends a malformed header', 'GET /v1/pools HTTP/1.1\r\nhost agent\r\n\r\n'],
    [
      'sends two lengths',
      'POST /v1/cni/add HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    ],
    [
      'smuggles a second framing',
      'POST /v1/cni/add HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'sends a header of 1 MiB',
      `GET /v1/pools HTTP/1.1\r\nhost: a\r\nx-long: ${'a'.repeat(1024 * 1024)}\r\n\r\n`,
    ],
  ] as const) {
    test(`${what}: it is told 4xx and the connection ends`, async () => {
      using connection = await RawConnection.open(node.agent.socketPath);
      connection.write(text);
      const [status = 0, ...more] = statusesOf(await connection.untilClosed());
      assert.ok(status >= 400 && status < 500, `status ${status}`);
      assert.deepEqual(more, []);
      await servesOthers(`while-${what.replaceAll(' ', '-')}`);
    });
  }

  test('announces a body of 1 GiB: it is told 413 at once and the connection ends', async () => {
    using connection = await RawConnection.open(node.agent.socketPath);
    connection.write(head(1024 * 1024 * 1024));
    assert.deepEqual(statusesOf(await connection.untilClosed()), [413]);
  });

  test('sends a chunked body without end: it is told 413 and the connection ends', async () => {
    using connection = await RawConnection.open(node.agent.socketPath);
    connection.write('POST /v1/cni/add HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n');
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const sender = setInterval(() => connection.write(chunk), 1);
    try {
      assert.deepEqual(statusesOf(await connection.untilClosed()), [413]);
    } finally {
      clearInterval(sender);
    }
  });

  test('never finishes its headers: it is told 408 and the connection ends', async () => {
    using connection = await RawConnection.open(node.agent.socketPath);
    connection.write('POST /v1/cni/add HTTP/1.1\r\nhost: agent\r\nx-slow: ');
    const dripping = setInterval(() => connection.write('a'), 200);
    try {
      assert.deepEqual(statusesOf(await connection.untilClosed()), [408]);
    } finally {
      clearInterval(dripping);
    }
  });

  test('never finishes its body: the connection ends with 4xx, and others are served meanwhile', async () => {
    using connection = await RawConnection.open(node.agent.socketPath);
    connection.write(`${head(1000)}{"config":`);
    const dripping = setInterval(() => connection.write(' '), 200);
    try {
      await servesOthers('while-slow-body');
      const [status = 0] = statusesOf(await connection.untilClosed());
      assert.ok(status >= 400 && status < 500, `status ${status}`);
    } finally {
      clearInterval(dripping);
    }
  });

  test('leaves in the middle of its request', async () => {
    for (const text of ['POST /v1/c', head(10), `${head(10)}{"con`]) {
      using connection = await RawConnection.open(node.agent.socketPath);
      connection.write(text);
      connection.socket.end();
      await connection.untilClosed();
    }
    await servesOthers('after-leaving');
  });

  test('keeps 1000 idle connections open', async () => {
    const connections = await Promise.all(
      Array.from({ length: 1000 }, () => RawConnection.open(node.agent.socketPath)),
    );
    try {
      const names = Array.from({ length: 50 }, (_, index) => `beside-idle-${index}`);
      const answers = await Promise.all(names.map((containerId) => node.ask('add', { containerId, ipam })));
      assert.equal(new Set(answers.map(addressOf)).size, 50);
      // Nobody may keep the agent's descriptors for ever.
      await Promise.all(connections.map((connection) => connection.untilClosed()));
    } finally {
      for (const connection of connections) connection[Symbol.dispose]();
    }
  });
});

suite('requests', { concurrency: 2 }, () => {
  test('an unknown path is 404, another method 405, a body that is not JSON 400', async () => {
    const statusOf = async (method: string, path: string, body?: string) =>
      (await node.agent.request(method, path, body)).status;
    for (const path of [
      '/',
      '/v1',
      '/v1/cni',
      '/v1/cni/version',
      '/v1/cni/add/',
      '/v2/pools',
      '/v1/allocations/a/b',
    ]) {
      assert.equal(await statusOf('GET', path), 404, path);
    }
    for (const [method, path] of [
      ['GET', '/v1/cni/add'],
      ['PUT', '/v1/cni/del'],
      ['DELETE', '/v1/pools'],
      ['POST', '/v1/allocations'],
      ['PATCH', '/v1/ipam/ip'],
    ] as const) {
      assert.equal(await statusOf(method, path), 405, `${method} ${path}`);
    }
    for (const body of ['{', 'nonsense', '{"config":{}} trailing', '\u0000']) {
      assert.equal(await statusOf('POST', '/v1/cni/add', body), 400, body);
    }
  });

  test('two requests on one connection are both answered, in their order', async () => {
    using connection = await RawConnection.open(node.agent.socketPath);
    connection.write(
      'GET /v1/ipam/healthy HTTP/1.1\r\nhost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n',
    );
    assert.deepEqual(statusesOf(await connection.untilClosed()), [200, 404]);
  });

  test('a path with percent-encoding, dots or control characters reaches no route by accident', async () => {
    for (const path of [
      '/v1/cni/%61dd',
      '/v1/allocations/%',
      '/v1/allocations/%00',
      '/v1//pools',
      '/v1/../etc',
    ]) {
      const { status } = await node.agent.request('GET', path);
      assert.ok(status >= 400 && status < 500, `${path}: ${status}`);
    }
  });

  test('a client’s deadline ends its wait with code 11, and nothing is allocated for it', async () => {
    await whileLedgerIsLocked(node, async () => {
      const call = { containerId: 'hasty', ipam };
      const answer = await node.ask('add', call, { headers: { [deadlineHeader]: '200' } });
      assertRefused(answer, 11, /deadline/);
    });
    assert.ok((await node.allocations()).every(({ holders }) => holders[0]?.sandbox !== 'hasty'));
  });

  test('a client that leaves while its ADD waits takes no address with it', async () => {
    await whileLedgerIsLocked(node, async () => {
      using connection = await RawConnection.open(node.agent.socketPath);
      const body = JSON.stringify(node.requestBody({ containerId: 'gone', ipam }));
      connection.write(head(Buffer.byteLength(body)) + body);
      // Answered after it, so the agent has that request too by now.
      await node.ask('status', {});
    });
    await servesOthers('after-gone');
    assert.ok((await node.allocations()).every(({ holders }) => holders[0]?.sandbox !== 'gone'));
  });
});

suite('the socket file', { concurrency: 2 }, () => {
  test('is root’s alone, and the state folder is', () => {
    assert.equal(lstatSync(node.agent.socketPath).mode & 0o777, 0o600);
    assert.equal(statSync(node.agent.dataDir).mode & 0o777, 0o700);
    assert.equal(statSync(join(node.agent.dataDir, 'ledger.db')).mode & 0o077, 0);
  });

  test('of a killed agent is replaced by the next one', async () => {
    await using own = await startNode();
    const before = lstatSync(own.agent.socketPath).ino;
    await own.agent.kill('SIGKILL');
    assert.ok(lstatSync(own.agent.socketPath).isSocket());
    await own.agent.start();
    assert.notEqual(lstatSync(own.agent.socketPath).ino, before);
  });

  test('on which somebody listens is an error, and stays theirs', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'agent.sock');
    const other = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => other.listen(path, resolve));
    try {
      await assert.rejects(startAgent({ folder: folder.path }), (error: unknown) => {
        assert.ok(error instanceof AgentStartError);
        assert.match(error.message, /another process listens on .*agent\.sock/);
        return true;
      });
      assert.ok(lstatSync(path).isSocket());
    } finally {
      other.close();
    }
  });

  test('that is no socket is an error, and stays as it is', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'agent.sock');
    writeFileSync(path, 'precious');
    await assert.rejects(startAgent({ folder: folder.path }), /agent\.sock exists and is not a socket/);
    assert.ok(lstatSync(path).isFile());
  });

  test('a second agent on the same state folder is refused and disturbs nothing', async () => {
    await using own = await startNode();
    const executable = fileURLToPath(new URL('../../dist/spiderpool-agent.js', import.meta.url));
    const socket = `${own.agent.socketPath}2`;
    const folders = ['--data-dir', own.agent.dataDir, '--pools', own.agent.poolsFolder, '--socket', socket];
    const args = [executable, 'daemon', '--store', 'embedded', ...folders];
    const second = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
    assert.equal(second.status, 1, second.stderr);
    assert.match(second.stderr, /another agent uses the state folder/);
    assert.equal((await own.agent.request('GET', '/v1/ipam/healthy')).status, 200);
    assert.equal(lstatSync(socket, { throwIfNoEntry: false }), undefined);
  });

  test('is removed at the end only while it is the agent’s own', async () => {
    await using own = await startNode();
    rmSync(own.agent.socketPath);
    writeFileSync(own.agent.socketPath, 'of a successor');
    await own.agent.stop();
    assert.ok(lstatSync(own.agent.socketPath).isFile());
  });
});
