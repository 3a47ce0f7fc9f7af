import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../integration/harness/until.ts';
import { newSince, readMachineState, remainsOf } from './harness/machine-state.ts';

const starter = fileURLToPath(new URL('./harness/start-and-stay.ts', import.meta.url));
const startTimeoutMs = 300_000;

for (const signal of ['SIGKILL', 'SIGINT'] as const) {
  test(`a run that ends by ${signal} while a pod runs leaves nothing behind`, async () => {
    const before = readMachineState();
    const child = spawn(process.execPath, [starter], { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const name = await until(
      'the node is up',
      () => {
        assert.equal(child.exitCode, null, printed);
        return /^running in (\S+)$/m.exec(printed)?.[1];
      },
      startTimeoutMs,
    );
    assert.notDeepEqual(remainsOf(name), []);
    child.kill(signal);
    await once(child, 'exit');
    await until(`nothing is left of ${name}`, () => {
      assert.deepEqual(remainsOf(name), []);
      return true;
    });
    assert.deepEqual(newSince(before, readMachineState()), []);
  });
}
