import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { runSteps, type Step } from './run-steps.ts';

function shell(title: string, script: string): Step {
  return { title, command: 'sh', args: ['-c', script] };
}

function collect(): { output: Writable; text: () => string } {
  let text = '';
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  return { output, text: () => text };
}

test('runSteps() prints in the order of the steps, whichever ends first', async () => {
  const { output, text } = collect();
  const steps = [
    shell('slow', 'sleep 0.3; echo one'),
    shell('quick', 'echo two'),
    shell('last', 'echo three'),
  ];
  const outcomes = await runSteps(steps, { parallel: 3, output });
  assert.deepEqual(
    outcomes.map((outcome) => outcome.exitCode),
    [0, 0, 0],
  );
  assert.equal(text(), '\n› slow\none\n\n› quick\ntwo\n\n› last\nthree\n');
});

test('runSteps() goes on after a failure and reports each exit code', async () => {
  const { output, text } = collect();
  const steps = [
    shell('fails', 'echo why >&2; exit 3'),
    shell('killed', 'kill -9 $$'),
    { title: 'missing', command: '/nonexistent/tool', args: [] },
    shell('works', 'true'),
  ];
  const outcomes = await runSteps(steps, { output });
  assert.deepEqual(
    outcomes.map((outcome) => outcome.exitCode),
    [3, undefined, undefined, 0],
  );
  assert.match(text(), /why\n[^]*ended by SIGKILL\n[^]*ENOENT/);
});
