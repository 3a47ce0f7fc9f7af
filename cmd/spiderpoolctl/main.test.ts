import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { mainPath, runHere, runProcess, StandInAgent } from './testing/ctl-harness.ts';

const commands = ['pools', 'allocations', 'who', 'explain', 'release', 'gc', 'migrate'];

test('spiderpoolctl prints its version, and its help on stderr when it is given nothing to do', async () => {
  assert.deepEqual(await runProcess(['--version']), { exitCode: 0, stdout: '0.0.0-source\n', stderr: '' });
  const nothing = await runHere([]);
  assert.equal(nothing.exitCode, 2);
  assert.equal(nothing.stdout, '');
  for (const command of commands) assert.match(nothing.stderr, new RegExp(`^ {2}${command} `, 'm'));
});

test('spiderpoolctl has help with examples and the global switches for every command', async () => {
  for (const command of commands) {
    const ran = await runHere([command, '--help']);
    assert.equal(ran.exitCode, 0);
    assert.match(ran.stdout, new RegExp(`^Usage: spiderpoolctl ${command}`));
    assert.match(ran.stdout, /--socket <path>/);
    assert.match(ran.stdout, new RegExp(`\nExamples:\n {2}spiderpoolctl ${command}`));
  }
});

test('spiderpoolctl tells wrong usage with exit status 2', async () => {
  for (const args of [
    ['pool'],
    ['pools', '-o', 'xml'],
    ['pools', '--what'],
    ['who'],
    ['pools', 'a', 'too-many'],
    ['pools', '--socket', '/run/a.sock', '--kubeconfig', '/etc/a'],
    ['explain', '--manifest', 'a', '--pod', 'default/a'],
    ['pools', '--socket', ''],
  ]) {
    const ran = await runHere(args);
    assert.equal(ran.exitCode, 2, args.join(' '));
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, /^error: .*\n[^]*\(--help shows/);
  }
});

test('spiderpoolctl exits 3 with the next step when the agent is away', async () => {
  await using agent = await StandInAgent.listen({});
  const ran = await runProcess(['gc', '--socket', `${agent.folder}/none.sock`]);
  assert.equal(ran.exitCode, 3);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, /^spiderpoolctl: there is no socket .*: start spiderpool-agent on this host.*\n$/);
});

test('spiderpoolctl ends with status 130 on Ctrl-C while it waits for the agent', async () => {
  const child = { pid: 0 };
  await using agent = await StandInAgent.listen(() => process.kill(child.pid, 'SIGINT'));
  const started = spawn(process.execPath, [mainPath, 'pools', '--socket', agent.socketPath]);
  child.pid = started.pid ?? 0;
  const [stderr, [code]] = await Promise.all([text(started.stderr), once(started, 'exit')]);
  assert.equal(code, 130);
  assert.equal(stderr, 'spiderpoolctl: interrupted\n');
});

test('spiderpoolctl ends with status 130 on Ctrl-C while it reads a config', async () => {
  const child = spawn(process.execPath, [mainPath, 'explain', '--config', '-', '--socket', '/nowhere']);
  // A chunk that went through the pipe: from then on the process reads.
  child.stdin.write('{'.repeat(256 * 1024), () => child.kill('SIGINT'));
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.equal(code, 130);
  assert.equal(stderr, 'spiderpoolctl: interrupted\n');
});

test('spiderpoolctl ends quietly when the reader of its output has gone', async () => {
  const problems = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => `problem ${index}`));
  await using agent = await StandInAgent.listen({ 'GET /v1/pools': `{"pools":[],"problems":${problems}}` });
  const child = spawn(process.execPath, [mainPath, 'pools', '-o', 'json', '--socket', agent.socketPath]);
  child.stdout.destroy();
  const [stderr, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  assert.equal(stderr, '');
  assert.deepEqual([code, signal], [0, null]);
});

test('spiderpoolctl release asks a person on a real terminal', async (t) => {
  if (spawnSync('script', ['--version']).status !== 0) {
    t.skip('there is no script(1) to make a terminal with');
    return;
  }
  const holders = [{ uid: 'u', sandbox: 's', node: 'n', pod: 'default/web-0' }];
  const common = { address: '10.6.0.15', pool: 'a', network: 'x', nic: 'eth0', holders };
  const allocation = { ...common, since: new Date().toISOString() };
  await using agent = await StandInAgent.listen({
    'GET /v1/allocations/10.6.0.15': JSON.stringify({ address: '10.6.0.15', pools: ['a'], allocation }),
    'DELETE /v1/allocations/10.6.0.15?uid=u&sandbox=s': JSON.stringify({ released: allocation }),
  });
  const command = `'${process.execPath}' '${mainPath}' release 10.6.0.15 --socket '${agent.socketPath}'`;
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: 'pipe' });
  let screen = '';
  for await (const chunk of child.stdout) {
    screen += String(chunk);
    if (screen.endsWith('[y/N] ')) child.stdin.write('y\r');
    if (screen.includes('released ')) child.stdin.end();
  }
  assert.match(screen, /belongs to default\/web-0[^]*Release 10\.6\.0\.15\? \[y\/N\] /);
  assert.match(screen, /released 10\.6\.0\.15 of pool a from default\/web-0/);
  assert.deepEqual(
    agent.requests.map(({ method }) => method),
    ['GET', 'DELETE'],
  );
});
