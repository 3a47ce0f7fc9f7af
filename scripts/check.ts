// `npm run check`: types, lint and format, without the tests.

import { checkSteps } from './lib/check-steps.ts';
import { runSteps } from './lib/run-steps.ts';

const outcomes = await runSteps(checkSteps);
const failed = outcomes.filter((outcome) => outcome.exitCode !== 0);
for (const { step } of failed) console.error(`✖ ${step.title}`);
if (failed.length > 0) process.exitCode = 1;
