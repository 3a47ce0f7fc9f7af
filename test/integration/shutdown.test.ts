import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import { addressOf } from './harness/answers.ts';
import { poolManifest } from './harness/manifests.ts';
import { startNode } from './harness/node.ts';
import { RawConnection, statusesOf } from './harness/raw-connection.ts';

const pools = [poolManifest('stop', { subnet: '10.98.0.0/16', ips: ['10.98.0.1-10.98.9.255'] })];
const ipam = { default_ipv4_ippool: ['stop'] };

suite('shutdown', { concurrency: 2 }, () => {
  test('SIGTERM under load: what was acknowledged stands, the rest has no answer, the socket is gone, exit 0', async () => {
    await using node = await startNode({ pools });
    const acknowledged = new Map<string, string>();
    const workers = Array.from({ length: 20 }, async (_, worker) => {
      for (let count = 0; ; count += 1) {
        const containerId = `load-${worker}-${count}`;
        const answer = await node.ask('add', { containerId, ipam }).catch(() => undefined);
        if (answer === undefined) return;
        // Refused while it shuts down: the runtime tries again.
        if (answer.status === 503) continue;
        acknowledged.set(containerId, addressOf(answer));
      }
    });
    // In the middle of the load, by condition and not by time.
    while (acknowledged.size < 200) await node.ask('status', {});
    const exit = await node.agent.stop();
    assert.deepEqual(exit, { exitCode: 0, signal: undefined });
    assert.ok(!existsSync(node.agent.socketPath));
    await Promise.all(workers);
    await node.agent.start();
    const recorded = new Map(
      (await node.allocations()).map((it) => [it.holders[0]?.sandbox ?? '', it.address]),
    );
    for (const [containerId, address] of acknowledged) assert.equal(recorded.get(containerId), address);
    // Requests under way finish: nothing is recorded whose answer did not arrive.
    assert.equal(recorded.size, acknowledged.size);
  });

  test('SIGTERM with idle connections and half a request ends all the same, with exit 0', async () => {
    await using node = await startNode({ pools });
    using idle = await RawConnection.open(node.agent.socketPath);
    using half = await RawConnection.open(node.agent.socketPath);
    half.write('POST /v1/cni/add HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{"config"');
    assert.equal((await node.ask('status', {})).status, 200);
    assert.deepEqual(await node.agent.stop(), { exitCode: 0, signal: undefined });
    assert.equal(await idle.untilClosed(), '');
    assert.ok(!statusesOf(await half.untilClosed()).includes(200));
  });

  test('SIGINT ends it as well', async () => {
    await using node = await startNode({ pools });
    assert.deepEqual(await node.agent.kill('SIGINT'), { exitCode: 0, signal: undefined });
    assert.ok(!existsSync(node.agent.socketPath));
  });
});
