// Builds the executables into dist/. Runs under the system's Node 20 as well as under the project's own, so it is plain JavaScript.
//
//   node scripts/build.mjs [--force] [spiderpool | spiderpool-agent | spiderpool-controller | spiderpoolctl | single-files]…
//
// Without a name: all but single-files, which only the executables of `npm run package` are made of.
// A target is built again only when one of its inputs changed: dist/.build.json keeps a hash for each.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');
const stateFile = path.join(dist, '.build.json');
const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const define = { __VERSION__: JSON.stringify(version) };

/** @type {Record<string, (name: string) => {inputs: string[], outputs: string[]}>} */
const targets = {
  spiderpool: buildPlugin,
  'spiderpool-agent': buildDaemon,
  'spiderpool-controller': buildDaemon,
  spiderpoolctl: buildDaemon,
  'single-files': buildSingleFiles,
};
/** Built only when they are named. */
const onDemand = new Set(['single-files']);

/** The plugin: an executable of its own, since its start-up is its whole cost. Its bundle is written too, to be measured. */
function buildPlugin(name) {
  const entry = `cmd/${name}/main.ts`;
  const bundle = `dist/${name}-plugin.js`;
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: bundle,
    bundle: true,
    // Bun's own bundler makes the executable; this one tells what is in it.
    platform: 'node',
    format: 'cjs',
    target: 'esnext',
    minify: true,
    metafile: true,
    define,
  });
  writeFileSync(path.join(root, `${bundle}.meta.json`), JSON.stringify(metafile));
  const output = path.join(dist, name);
  const temporary = `${output}.new`;
  execFileSync(
    path.join(root, 'node_modules/.bin/bun'),
    [
      'build',
      '--compile',
      '--minify',
      '--bytecode',
      // Else the executable reads .env and bunfig.toml from whatever folder a runtime starts it in.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      ...Object.entries(define).flatMap(([key, value]) => ['--define', `${key}=${value}`]),
      entry,
      '--outfile',
      temporary,
    ],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  // A plugin that a runtime executes right now can't be overwritten, but it can be replaced.
  renameSync(temporary, output);
  return {
    inputs: Object.keys(metafile.inputs),
    outputs: [`dist/${name}`, bundle, `${bundle}.meta.json`],
  };
}

/** What runs on Node: one file with everything in it; names stay readable for stack traces. */
function buildDaemon(name) {
  const output = `dist/${name}.js`;
  const { inputs, outputs } = bundleForNode(name, output, {
    format: 'esm',
    sourcemap: 'linked',
    banner: {
      // CommonJS packages in an ES module still call require.
      js: "#!/usr/bin/env node\nimport { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
  chmodSync(path.join(root, output), 0o755);
  return { inputs, outputs };
}

/** The same as CommonJS, the only format that a single executable of Node 24 starts. */
function buildSingleFiles(folder) {
  const built = ['spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'].map((name) =>
    bundleForNode(name, `dist/${folder}/${name}.cjs`, { format: 'cjs' }),
  );
  return {
    inputs: [...new Set(built.flatMap(({ inputs }) => inputs))],
    outputs: built.flatMap(({ outputs }) => outputs),
  };
}

function bundleForNode(name, output, options) {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [`cmd/${name}/main.ts`],
    outfile: output,
    bundle: true,
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    legalComments: 'linked',
    metafile: true,
    mainFields: ['module', 'main'],
    loader: { '.yaml': 'text' },
    define,
    ...options,
  });
  return { inputs: Object.keys(metafile.inputs), outputs: Object.keys(metafile.outputs) };
}

/** One hash over all inputs, this script and the versions of the tools. */
function hashOf(inputs) {
  const hash = createHash('sha256');
  for (const input of ['scripts/build.mjs', 'package.json', 'package-lock.json', ...inputs]) {
    const file = path.join(root, input);
    hash.update(`${input}\0`);
    hash.update(existsSync(file) ? readFileSync(file) : 'missing');
  }
  return hash.digest('hex');
}

function readState() {
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8'));
  } catch {
    return {};
  }
}

function isCurrent(built) {
  return (
    built !== undefined &&
    built.outputs.every((output) => existsSync(path.join(root, output))) &&
    built.hash === hashOf(built.inputs)
  );
}

function main(args) {
  const force = args.includes('--force');
  const names = args.filter((arg) => arg !== '--force');
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0) {
    throw new Error(`unknown target ${unknown.join(', ')}: write one of ${Object.keys(targets).join(', ')}`);
  }
  const defaults = Object.keys(targets).filter((name) => !onDemand.has(name));
  mkdirSync(dist, { recursive: true });
  for (const name of names.length > 0 ? names : defaults) {
    if (!force && isCurrent(readState()[name])) {
      console.log(`dist: ${name} is up to date`);
      continue;
    }
    const startedMs = Date.now();
    const { inputs, outputs } = targets[name](name);
    const state = { ...readState(), [name]: { hash: hashOf(inputs), inputs, outputs } };
    writeFileSync(`${stateFile}.new`, JSON.stringify(state));
    renameSync(`${stateFile}.new`, stateFile);
    console.log(`dist: ${name} built in ${Date.now() - startedMs} ms`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  rmSync(path.join(dist, 'spiderpool.new'), { force: true });
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
