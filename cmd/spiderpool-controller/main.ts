import { restartWithHeapFlags } from '../process/compact-heap.ts';

// Before anything else is loaded: what follows would be loaded twice.
restartWithHeapFlags();
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
