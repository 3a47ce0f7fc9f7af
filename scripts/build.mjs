// Builds the executables into dist/. Runs under the system's Node 20 as well as under the project's own, so it is plain JavaScript.
//
//   node scripts/build.mjs [--force] [TARGET…]
//
// Targets: spiderpool, spiderpool-agent, spiderpool-controller, spiderpoolctl, which are built without a name; single-files, of which
// `npm run package` makes executables; plugin-amd64, plugin-arm64: the plugin for every C library of hosts; image-amd64, image-arm64:
// what the image holds; image-host: the same out of what this machine has, for tests. What is for other machines fetches the
// runtimes of Bun and Node by npm.
//
// A target is built again only when one of its inputs changed: dist/.build.json keeps a hash for each.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { imageArchitectures, imagePrograms, layOutLayers, pluginLibcs } from './lib/image-files.mjs';
import { fileOfLockedPackage } from './lib/locked-package.mjs';

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
  'image-host': buildHostImage,
  ...Object.fromEntries(
    Object.keys(imageArchitectures).flatMap((arch) => [
      [`plugin-${arch}`, () => buildPluginFor(arch)],
      [`image-${arch}`, () => buildImage(arch)],
    ]),
  ),
};
/** Built without being named. */
const defaults = ['spiderpool', 'spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'];
const pluginEntry = 'cmd/spiderpool/main.ts';

/** The plugin: an executable of its own, since its start-up is its whole cost. Its bundle is written too, to be measured. */
function buildPlugin(name) {
  const bundle = `dist/${name}-plugin.js`;
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: [pluginEntry],
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
  compilePlugin(path.join(dist, name));
  return {
    inputs: Object.keys(metafile.inputs),
    outputs: [`dist/${name}`, bundle, `${bundle}.meta.json`],
  };
}

/**
 * Compiles the plugin's executable.
 *
 * @param {string} output
 * @param {{target: string, runtime: string} | undefined} other machine for which it is: Bun's name of it, and Bun for it
 */
function compilePlugin(output, other) {
  const temporary = `${output}.new`;
  const options = [
    '--compile',
    '--minify',
    '--bytecode',
    // Else the executable reads .env and bunfig.toml from whatever folder a runtime starts it in.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    ...Object.entries(define).flatMap(([key, value]) => ['--define', `${key}=${value}`]),
    // Else Bun downloads the runtime from a place that a mirror of npm does not have, and checks nothing.
    ...(other === undefined ? [] : ['--target', other.target, '--compile-executable-path', other.runtime]),
  ];
  try {
    execFileSync(
      path.join(root, 'node_modules/.bin/bun'),
      ['build', ...options, pluginEntry, '--outfile', temporary],
      { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
    );
    // A plugin that a runtime executes right now can't be overwritten, but it can be replaced.
    renameSync(temporary, output);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The plugin for every C library that hosts of an architecture have. */
function buildPluginFor(arch) {
  build('spiderpool');
  const folder = `dist/plugin/${arch}`;
  mkdirSync(path.join(root, folder), { recursive: true });
  const { bun } = imageArchitectures[arch];
  const outputs = pluginLibcs.map((libc) => {
    const suffix = libc === 'glibc' ? '' : `-${libc}`;
    const runtime = fileOfLockedPackage(root, `@oven/bun-linux-${bun}${suffix}`, 'bin/bun');
    const output = `${folder}/spiderpool-${libc}`;
    compilePlugin(path.join(root, output), {
      target: `bun-linux-${bun.replace('aarch64', 'arm64')}${suffix}`,
      runtime,
    });
    return output;
  });
  return { inputs: inputsOf('spiderpool'), outputs };
}

/** What the image of an architecture holds, in three folders that become its layers. */
function buildImage(arch) {
  const plugin = `plugin-${arch}`;
  build(plugin);
  const { node } = imageArchitectures[arch];
  const fileOfNode = (file) => fileOfLockedPackage(root, `node-linux-${node}`, file);
  return layOutImage(arch, fileOfNode, readState()[plugin].outputs);
}

/** The same out of what is there anyway, for tests: this machine's Node, and its plugin. */
function buildHostImage() {
  build('spiderpool');
  const folder = 'dist/plugin/host';
  mkdirSync(path.join(root, folder), { recursive: true });
  const plugin = `${folder}/spiderpool-glibc`;
  copyFileSync(path.join(dist, 'spiderpool'), path.join(root, plugin), constants.COPYFILE_FICLONE);
  const fileOfNode = (file) => path.join(root, `node_modules/node-linux-${process.arch}`, file);
  return layOutImage('host', fileOfNode, [plugin]);
}

function layOutImage(name, fileOfNode, plugins) {
  for (const program of imagePrograms) build(program);
  const output = `dist/image/${name}`;
  layOutLayers(path.join(root, output), {
    node: fileOfNode('bin/node'),
    nodeLicense: fileOfNode('LICENSE'),
    license: path.join(root, 'LICENSE'),
    plugins: plugins.map((plugin) => path.join(root, plugin)),
    bundles: dist,
  });
  return {
    inputs: ['scripts/lib/image-files.mjs', ...inputsOf('spiderpool'), ...imagePrograms.flatMap(inputsOf)],
    outputs: [output],
  };
}

function inputsOf(name) {
  return readState()[name].inputs;
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

/** Builds one target unless it is up to date. */
function build(name, { force = false } = {}) {
  if (!force && isCurrent(readState()[name])) {
    console.log(`dist: ${name} is up to date`);
    return;
  }
  const startedMs = Date.now();
  const { inputs, outputs } = targets[name](name);
  const state = { ...readState(), [name]: { hash: hashOf(inputs), inputs, outputs } };
  writeFileSync(`${stateFile}.new`, JSON.stringify(state));
  renameSync(`${stateFile}.new`, stateFile);
  console.log(`dist: ${name} built in ${Date.now() - startedMs} ms`);
}

function main(args) {
  const force = args.includes('--force');
  const names = args.filter((arg) => arg !== '--force');
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0) {
    throw new Error(`unknown target ${unknown.join(', ')}: write one of ${Object.keys(targets).join(', ')}`);
  }
  mkdirSync(dist, { recursive: true });
  for (const name of names.length > 0 ? names : defaults) build(name, { force });
}

try {
  main(process.argv.slice(2));
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
