import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseE2eArguments } from './e2e-options.ts';

test('parseE2eArguments() runs everything and fails where something is missing, unless told otherwise', () => {
  assert.deepEqual(parseE2eArguments([]), { skipIfMissing: false, names: [] });
  assert.deepEqual(parseE2eArguments(['--skip-if-missing', '--name', 'Job', '--name', '^a b']), {
    skipIfMissing: true,
    names: ['Job', '^a b'],
  });
});

test('parseE2eArguments() says what it knows of', () => {
  assert.throws(() => parseE2eArguments(['--quick']), {
    code: 'SP_E2E_ARGUMENTS',
    message: /--skip-if-missing or --name/,
  });
  assert.throws(() => parseE2eArguments(['--name']), { message: /--name needs a regular expression/ });
  assert.throws(() => parseE2eArguments(['--name', '(']), { message: /is no regular expression/ });
});
