// `node scripts/totals.ts FILE PART…`: prints the sums of the parts of a run, each of which has added a line to FILE.

import { readFileSync } from 'node:fs';
import { collectTotals, totalsText } from './lib/totals.ts';

const [file = '', ...expected] = process.argv.slice(2);
const totals = collectTotals(readFileSync(file, 'utf8'), expected);
console.log(totalsText(totals));
if (totals.failed > 0) process.exitCode = 1;
