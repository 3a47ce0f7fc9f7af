import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { codeLines, isTestOnly, readSources, type SourceFile } from './support/source-file.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const folders = ['src', 'cmd', 'daemon', 'scripts', 'test'];
const sources = readSources(
  root,
  folders.flatMap((folder) => [`${folder}/**/*.ts`, `${folder}/**/*.mjs`]),
);
const production = sources.filter(({ path, isTest }) => !isTest && /^(src|cmd|daemon)\//.test(path));

/** Layers of ARCHITECTURE.md that name all they may import; the first prefix that fits a file counts. */
const layers: readonly (readonly [folder: string, mayImport: readonly string[]])[] = [
  ['src/ip/', ['src/ip/', 'ip-address']],
  ['src/api/', ['src/api/', 'src/ip/', 'js-yaml', 'zod']],
  ['src/cni/', ['src/cni/', 'src/ip/']],
  ['src/ipam/', ['src/ipam/', 'src/ip/', 'src/api/', 'src/cni/']],
  ['cmd/spiderpool/', ['cmd/spiderpool/', 'src/cni/', 'node:fs']],
];
/** Layers that say which part of the project they may import; packages are free. */
const directions: readonly (readonly [folder: string, mayImport: readonly string[]])[] = [
  ['src/ledger/', ['src/ledger/', 'src/async/', 'src/ip/', 'src/ipam/', 'src/kube/', 'src/api/', 'src/log/']],
  [
    'src/cluster/',
    [
      'src/cluster/',
      'src/async/',
      'src/ip/',
      'src/api/',
      'src/ipam/',
      'src/cni/',
      'src/kube/',
      'src/log/',
      'src/ledger/record.ts',
    ],
  ],
  ['src/async/', ['src/async/']],
  ['src/kube/', ['src/kube/', 'src/async/', 'src/api/', 'src/log/', 'src/config/version.ts']],
  ['src/', ['src/']],
  ['daemon/', ['daemon/', 'src/']],
  ['cmd/', ['cmd/', 'daemon/', 'src/']],
];
/** What makes a decision depend on more than its arguments. */
const impure =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bperformance\.|\bcrypto\.|\bsetTimeout\b|\bfetch\(/;
const pureFolders = /^src\/(ip|api|cni|ipam|collection)\//;
const codeLinesMax = 250;

function isOurs(specifier: string): boolean {
  return folders.some((folder) => specifier.startsWith(`${folder}/`));
}

function fits(specifier: string, allowed: readonly string[]): boolean {
  return allowed.some((entry) => (entry.endsWith('/') ? specifier.startsWith(entry) : specifier === entry));
}

function forbiddenImports({ path, imports }: SourceFile): readonly string[] {
  const layer = layers.find(([folder]) => path.startsWith(folder));
  const direction = directions.find(([folder]) => path.startsWith(folder));
  return imports
    .filter((specifier) => {
      if (layer !== undefined) return !fits(specifier, layer[1]);
      return direction !== undefined && isOurs(specifier) && !fits(specifier, direction[1]);
    })
    .map((specifier) => `${path} imports ${specifier}`);
}

function isForTests(name: string): boolean {
  return isTestOnly(name) || name === 'node:test' || name === 'fast-check';
}

/** @returns `path:line: text` of each line that matches */
function linesMatching(files: readonly { path: string; text: string }[], pattern: RegExp): readonly string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .map((line, index) => ({ line, where: `${path}:${index + 1}: ${line.trim()}` }))
      .filter(({ line }) => pattern.test(line))
      .map(({ where }) => where),
  );
}

test('readSources() finds the layers that the rules are about', () => {
  for (const folder of ['src/ip/', 'src/api/', 'src/cni/', 'src/ipam/', 'src/ledger/']) {
    assert.ok(
      production.some(({ path, imports }) => path.startsWith(folder) && imports.length > 0),
      `no module with imports in ${folder}`,
    );
  }
});

test('forbiddenImports() refuses what breaks a layer and accepts what does not', () => {
  const violations = (path: string, ...imports: readonly string[]): readonly string[] =>
    forbiddenImports({ path, imports, text: '', isTest: false });
  assert.deepEqual(violations('src/ip/a.ts', 'src/ip/b.ts', 'ip-address'), []);
  assert.deepEqual(violations('src/ip/a.ts', 'src/api/b.ts'), ['src/ip/a.ts imports src/api/b.ts']);
  assert.deepEqual(violations('src/ipam/a.ts', 'node:fs'), ['src/ipam/a.ts imports node:fs']);
  assert.deepEqual(violations('src/ledger/sqlite/a.ts', 'node:sqlite', 'src/ledger/ledger.ts'), []);
  assert.deepEqual(violations('src/ledger/a.ts', 'src/cni/error.ts'), [
    'src/ledger/a.ts imports src/cni/error.ts',
  ]);
  assert.deepEqual(violations('src/log/logger.ts', 'pino', 'daemon/agent/a.ts').length, 1);
  assert.deepEqual(violations('daemon/agent/a.ts', 'src/log/logger.ts', 'cmd/spiderpoolctl/a.ts').length, 1);
});

test('imports point one way: cmd, daemon, src, and inside src towards ip', () => {
  assert.deepEqual(production.flatMap(forbiddenImports), []);
});

test('what is for tests alone is imported by tests alone', () => {
  assert.deepEqual(
    production.flatMap(({ path, imports }) =>
      imports.filter(isForTests).map((name) => `${path} imports ${name}`),
    ),
    [],
  );
});

test('tests of src import nothing of daemon and cmd', () => {
  const tests = sources.filter(({ path, isTest }) => isTest && path.startsWith('src/'));
  assert.deepEqual(
    tests.flatMap(({ path, imports }) =>
      imports.filter((name) => /^(daemon|cmd)\//.test(name)).map((name) => `${path} imports ${name}`),
    ),
    [],
  );
});

test('the deciding layers take time, randomness and state as arguments', () => {
  const pure = production
    .filter(({ path }) => pureFolders.test(path))
    .map(({ path, text }) => ({ path, text: codeLines(text).join('\n') }));
  assert.deepEqual(linesMatching(pure, impure), []);
});

test('modules have named exports only and re-export nothing wholesale', () => {
  assert.deepEqual(linesMatching(sources, /^export default\b|^export \*/), []);
});

test(`modules stay within ${codeLinesMax} lines of code`, () => {
  const long = sources
    .filter(({ path }) => !path.endsWith('.test.ts'))
    .map(({ path, text }) => ({ path, lines: codeLines(text).length }))
    .filter(({ lines }) => lines > codeLinesMax);
  assert.deepEqual(long, []);
});

test('file names are in kebab-case', () => {
  const name = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|d))?\.(ts|mjs)$/;
  assert.deepEqual(
    sources.map(({ path }) => path).filter((path) => !name.test(basename(path))),
    [],
  );
});

test('nothing is left for later, switched off or singled out', () => {
  assert.deepEqual(linesMatching(sources, /\bTO[D]O\b|\bFIX[M]E\b/), []);
  assert.deepEqual(linesMatching(sources, /\b(test|it|describe)\.(only|skip|todo)\(/), []);
});

test('no file names a folder of somebody’s machine', () => {
  const texts = globSync(['*.md', '*.json', 'docs/**/*', 'deploy/**/*', '.ci/*'], {
    cwd: root,
    withFileTypes: true,
  })
    .filter((entry) => entry.isFile() && entry.name !== 'package-lock.json')
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));
  assert.deepEqual(linesMatching([...sources, ...texts], /(^|[\s'"`(=:])\/(work|root|home)\//), []);
});
