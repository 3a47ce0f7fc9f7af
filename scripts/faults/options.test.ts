import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultsArgumentsError, parseFaultsArguments } from './options.ts';

test('parseFaultsArguments() has defaults, and takes each number', () => {
  assert.deepEqual(parseFaultsArguments([]), { runs: 10, seed: 1, parallel: 2, seconds: 20 });
  assert.deepEqual(
    parseFaultsArguments(['--seconds', '5', '--runs', '100', '--seed', '7', '--parallel', '4']),
    {
      runs: 100,
      seed: 7,
      parallel: 4,
      seconds: 5,
    },
  );
});

test('parseFaultsArguments() refuses what it does not know', () => {
  for (const args of [
    ['--fast'],
    ['--runs'],
    ['--runs', '0'],
    ['--runs', '1.5'],
    ['--toString', '1'],
    ['7'],
  ]) {
    assert.throws(() => parseFaultsArguments(args), FaultsArgumentsError, args.join(' '));
  }
});
