import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere, runProcess, StandInAgent } from './testing/ctl-harness.ts';

const pool = (name: string, counts: string, more = ''): string =>
  `{"name":"${name}","ipVersion":6,"subnet":"fd00:6::/48","gateway":"fd00:6::1",${counts},"disabled":false,"default":true,"conditions":[]${more}}`;
const huge =
  '"total":9223372036854775807,"allocated":9007199254740993,"free":1208925819614629174706176,"cooling":2,"reserved":1,"excluded":0';
const full = '"total":3,"allocated":3,"free":0,"cooling":0,"reserved":0,"excluded":4';

const body = `{"pools":[${pool('a', huge, ',"added later":[1]')},${pool('pool-b', full)}],"problems":[]}`;

test('spiderpoolctl pools prints an aligned table with exact counts', async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': body });
  const ran = await runProcess(['pools', '--socket', agent.socketPath]);
  assert.deepEqual(ran, {
    exitCode: 0,
    stderr: '',
    stdout: [
      'NAME    SUBNET                     TOTAL         ALLOCATED                       FREE  COOLING  RESERVED  EXCLUDED  DEFAULT  STATE\n',
      'a       fd00:6::/48  9223372036854775807  9007199254740993  1208925819614629174706176        2         1         0  yes      ok\n',
      'pool-b  fd00:6::/48                    3                 3                          0        0         0         4  yes      ok\n',
    ].join(''),
  });
});

test("spiderpoolctl pools -o json prints the agent's JSON, keys that it does not know and all digits included", async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': body });
  const ran = await runHere(['pools', '-o', 'json', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 0);
  assert.equal(ran.stdout.replaceAll(/\s/g, ''), body.replaceAll(/\s/g, ''));
});

test('spiderpoolctl pools -o yaml prints the same as YAML', async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': body });
  const ran = await runHere(['-o', 'yaml', '--socket', agent.socketPath, 'pools']);
  assert.equal(ran.exitCode, 0);
  assert.match(ran.stdout, /^pools:\n {2}- name: a\n {4}ipVersion: 6\n {4}subnet: fd00:6::\/48\n/);
  assert.match(ran.stdout, /\n {4}total: 9223372036854775807\n/);
  assert.match(ran.stdout, /\n {4}free: 1208925819614629174706176\n/);
  assert.match(ran.stdout, /\n {4}added later:\n {6}- 1\n/);
  assert.match(ran.stdout, /\nproblems: \[\]\n$/);
});

test('spiderpoolctl pools tells conditions and problems on stderr, with control characters escaped', async () => {
  const bad = pool('b', full).replace(
    '"conditions":[]',
    '"conditions":[{"type":"FileInvalid","message":"a.yaml:3\\u001b[2J spec.ips"}]',
  );
  await using agent = await StandInAgent.listen({
    'GET /v1/pools': `{"pools":[${bad}],"problems":["c.yaml: no pool"]}`,
  });
  const ran = await runHere(['pools', '--socket', agent.socketPath]);
  assert.match(ran.stdout, / FileInvalid\n$/);
  assert.equal(ran.stderr, 'pool b: FileInvalid: a.yaml:3\\u001b[2J spec.ips\nproblem: c.yaml: no pool\n');
});

test('spiderpoolctl pools says what to do when there are none', async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': '{"pools":[],"problems":[]}' });
  const ran = await runHere(['pools', '--socket', agent.socketPath]);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /no pools: write SpiderIPPool manifests/);
});

test('spiderpoolctl pools uses colours on a terminal only, and not against NO_COLOR', async (t) => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': body });
  const args = ['pools', '--socket', agent.socketPath];
  // Node asks these what a terminal can do; a test may run where one says that there is none.
  const before = { ...process.env };
  t.after(() => {
    process.env = before;
  });
  for (const name of ['CI', 'NO_COLOR', 'NODE_DISABLE_COLORS', 'FORCE_COLOR']) delete process.env[name];
  process.env['TERM'] = 'xterm-256color';
  const coloured = await runHere(args, { terminalColumns: 200 });
  assert.ok(coloured.stdout.includes('\u001b[31m0\u001b[39m'), 'the zero of FREE is red');
  process.env['NO_COLOR'] = '1';
  const plain = await runHere(args, { terminalColumns: 200 });
  assert.ok(!plain.stdout.includes('\u001b'));
});

test('spiderpoolctl pools refuses an answer of another shape', async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': '{"pools":[{"name":1}],"problems":[]}' });
  const ran = await runHere(['pools', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 3);
  assert.equal(ran.stdout, '');
  assert.match(
    ran.stderr,
    /no agent of this version: it answers GET \/v1\/pools in an unknown shape: pools\.0\.name/,
  );
});

test('spiderpoolctl pools NAME prints that pool alone, and says no when there is none', async () => {
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': body });
  const ran = await runHere(['pools', 'a', '-o', 'json', '--socket', agent.socketPath]);
  assert.equal(ran.exitCode, 0);
  const { pools } = JSON.parse(ran.stdout) as { pools: { name: string; 'added later': number[] }[] };
  assert.deepEqual(
    pools.map(({ name, 'added later': added }) => [name, added]),
    [['a', [1]]],
  );
  const none = await runHere(['pools', 'c', '--socket', agent.socketPath]);
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /the agent on .*agent\.sock has no pool c/);
});
