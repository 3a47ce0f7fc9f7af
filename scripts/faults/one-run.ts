// A process of its own for one fault run: `node one-run.ts SEED DURATION_MS` prints its report as JSON.

import { faultRun } from '../../test/integration/harness/fault-run.ts';

const [, , seed = '', durationMs = ''] = process.argv;
console.log(JSON.stringify(await faultRun({ seed: Number(seed), durationMs: Number(durationMs) })));
