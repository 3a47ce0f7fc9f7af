import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where the benchmark finds and leaves things. */
export const projectPaths = {
  root,
  bun: join(root, 'node_modules/.bin/bun'),
  plugin: join(root, 'dist/spiderpool'),
  pluginBundle: join(root, 'dist/spiderpool-plugin.js'),
  agent: join(root, 'dist/spiderpool-agent.js'),
  /** On the project's own disk: a temporary folder is often held in memory, where nothing is durable. */
  scratch: join(root, '.cache'),
  results: join(root, 'bench-results.json'),
  docs: join(root, 'docs/benchmarks.md'),
} as const;
