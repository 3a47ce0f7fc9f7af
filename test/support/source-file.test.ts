import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeLines, importsOf, isTestOnly } from './source-file.ts';

test('importsOf() finds every form of import and resolves those of the project', () => {
  const text = `import { a } from './a.ts';
import type { B } from '../ip/b.ts';
import {
  type C,
  d,
} from "../../daemon/d.ts";
import 'side-effect';
export { e } from './deep/e.ts';
export const text = 'from here';
const late = await import('node:fs');
`;
  assert.deepEqual(importsOf('src/api/x.ts', text), [
    'src/api/a.ts',
    'src/ip/b.ts',
    'daemon/d.ts',
    'side-effect',
    'src/api/deep/e.ts',
    'node:fs',
  ]);
});

test('codeLines() leaves out comments and empty lines', () => {
  const text = `/**\n * Doc.\n */\nexport const a = 1; // why\n\n  // alone\n/* one */\nconst b = '/* no comment */';\n`;
  assert.deepEqual(codeLines(text), ['export const a = 1; // why', "const b = '/* no comment */';"]);
});

test('isTestOnly() knows tests, their helpers and contract suites', () => {
  for (const path of [
    'src/ip/a.test.ts',
    'src/api/testing/a.ts',
    'src/ledger/contract/claims.ts',
    'test/support/a.ts',
  ]) {
    assert.equal(isTestOnly(path), true, path);
  }
  for (const path of ['src/ip/a.ts', 'src/ledger/contract.ts', 'daemon/test-run.ts']) {
    assert.equal(isTestOnly(path), false, path);
  }
});
