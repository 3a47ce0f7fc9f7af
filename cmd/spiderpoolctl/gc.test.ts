import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere, StandInAgent } from './testing/ctl-harness.ts';

test('spiderpoolctl gc says what a pass of the sweep found and freed', async () => {
  await using agent = await StandInAgent.listen({
    'POST /v1/gc': '{"examined":1,"suspected":2,"freed":["10.6.0.15","fd00:6::15"]}',
  });
  const ran = await runHere(['gc', '--socket', agent.socketPath]);
  assert.deepEqual(ran, {
    exitCode: 0,
    stderr: '',
    stdout:
      'looked at 1 record, freed 2 addresses, 2 suspected: a later pass frees what is still gone then\n' +
      '  10.6.0.15\n  fd00:6::15\n',
  });
  const json = await runHere(['gc', '-o', 'json', '--socket', agent.socketPath]);
  assert.deepEqual(JSON.parse(json.stdout), {
    examined: 1,
    suspected: 2,
    freed: ['10.6.0.15', 'fd00:6::15'],
  });
});

test('spiderpoolctl gc is short when there is nothing to free', async () => {
  await using agent = await StandInAgent.listen({ 'POST /v1/gc': '{"examined":0,"suspected":0,"freed":[]}' });
  const ran = await runHere(['gc', '--socket', agent.socketPath]);
  assert.equal(ran.stdout, 'looked at 0 records, freed 0 addresses\n');
});
