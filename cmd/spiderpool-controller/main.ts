import { restartWithHeapFlags } from '../process/compact-heap.ts';

// Before anything else is loaded: what follows would be loaded twice.
restartWithHeapFlags();
// No await up here: the executables are CommonJS, which has none.
void import('./run.ts').then(async ({ run }) => {
  process.exitCode = await run(process.argv.slice(2));
});
