import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand, runOrThrow } from './run-command.ts';

test('runCommand() tells a signal from an exit code', async () => {
  const result = await runCommand('sh', ['-c', 'kill -TERM $$']);
  assert.equal(result.exitCode, undefined);
  assert.equal(result.signal, 'SIGTERM');
});

test('runCommand() ignores a command that does not read its input', async () => {
  const result = await runCommand('true', [], { stdin: 'x'.repeat(1_000_000) });
  assert.equal(result.exitCode, 0);
});

test('runCommand() kills a command that takes too long, its children notwithstanding', async () => {
  await assert.rejects(runCommand('sh', ['-c', 'sleep 5 & wait'], { timeoutMs: 100 }), {
    code: 'SP_COMMAND_TIMEOUT',
  });
});

test('runCommand() kills a command that prints without end', async () => {
  await assert.rejects(runCommand('yes', [], { outputBytesMax: 100_000 }), { code: 'SP_COMMAND_OUTPUT' });
});

test('runCommand() reports a command that does not exist', async () => {
  await assert.rejects(runCommand('/nonexistent/tool', []), { code: 'SP_COMMAND_START' });
});

test('runOrThrow() puts what the command complained about into the message', async () => {
  assert.equal(await runOrThrow('echo', ['yes']), 'yes\n');
  await assert.rejects(runOrThrow('sh', ['-c', 'echo no such bridge >&2; exit 2']), {
    code: 'SP_COMMAND_FAILED',
    message: /exit 2: no such bridge/,
  });
});
