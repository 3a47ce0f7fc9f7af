import type { Step } from './run-steps.ts';

/** Types, lint and format of the whole project. */
export const checkSteps: readonly Step[] = [
  { title: 'types (tsc)', command: 'node_modules/.bin/tsc', args: ['-p', '.', '--pretty', 'false'] },
  { title: 'lint (oxlint)', command: 'node_modules/.bin/oxlint', args: ['--type-aware'] },
  { title: 'format (biome)', command: 'node_modules/.bin/biome', args: ['check', '--colors=off', '.'] },
];
