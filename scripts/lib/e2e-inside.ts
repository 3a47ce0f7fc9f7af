// Runs in the own machine of `npm run test:e2e`: `node e2e-inside.ts [NAME…]`.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownMachine } from '../../test/e2e/harness/own-machine.ts';
import { runTestFiles } from './run-test-files.ts';

const files = ['cluster', 'podman', 'nerdctl'];
const names = process.argv.slice(2);
const totals = await runTestFiles({
  files: files.map((name) => fileURLToPath(new URL(`../../test/e2e/${name}.ts`, import.meta.url))),
  ...(names.length === 0 ? {} : { testNamePatterns: names.map((name) => new RegExp(name)) }),
});
writeFileSync(join(ownMachine().folder, 'totals.json'), JSON.stringify(totals));
if (totals.failed > 0) process.exitCode = 1;
