import assert from 'node:assert/strict';
import { cp, lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addLibraries } from './support/host-root.ts';
import {
  ImageFileError,
  layOutImage,
  parseImageFile,
  pathInTree,
  readImageFile,
  readStage,
} from './support/image-layout.ts';
import { runOrThrow } from './support/run-command.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const { version, optionalDependencies } = manifest as {
  version: string;
  optionalDependencies: Record<string, string>;
};
const programs = ['spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'];
const { stages, args } = await readImageFile();
const last = stages.at(-1);
assert.ok(last !== undefined);
const { config, copies } = readStage(last, { ...args, TARGETARCH: 'amd64' });

test('parseImageFile() reads stages and refuses what it does not know', () => {
  const file = parseImageFile('ARG A=b\n# c\nFROM --platform=$X ${A} AS one\nRUN make\n\nFROM two\nUSER 1\n');
  assert.deepEqual(file.args, { A: 'b' });
  assert.deepEqual(
    file.stages.map(({ from, name, instructions }) => [from, name, instructions.length]),
    [
      ['${A}', 'one', 1],
      ['two', undefined, 1],
    ],
  );
  for (const text of ['RUN a \\\n  b', 'COPY a b', 'FROM a AS', 'FROM a\nrun b']) {
    assert.throws(() => parseImageFile(text), ImageFileError, text);
  }
});

test('readStage() refuses what it can’t follow', () => {
  const lines = [
    'RUN true',
    'COPY a b',
    'COPY --from=b --chmod=1 /a/ /',
    'CMD sh',
    'USER $WHO',
    'ARG A',
    'ENV A b',
  ];
  for (const line of lines) {
    const [stage] = parseImageFile(`FROM a\n${line}`).stages;
    assert.ok(stage !== undefined);
    assert.throws(() => readStage(stage, {}), ImageFileError, line);
  }
});

test('Dockerfile copies what its build stage builds, each part once', () => {
  const [build] = stages;
  assert.ok(build !== undefined && stages.length === 2);
  const steps = new Set(
    build.instructions.map(({ name, args: text }) => `${name} ${text.replace(/^--mount=\S+ /, '')}`),
  );
  assert.ok(steps.has('WORKDIR /src'));
  assert.ok(steps.has('RUN node scripts/build.mjs image-${TARGETARCH}'), 'builds the files of the image');
  assert.deepEqual(
    copies.map(({ stage, source, destination }) => [stage, pathInTree(source), destination]),
    ['node', 'plugin', 'programs'].map((layer) => [build.name, `dist/image/amd64/${layer}/`, '/']),
  );
});

test('Dockerfile gives no process of the image root, and needs no shell', () => {
  assert.match(config.user ?? 'root', /^[1-9]\d*:[1-9]\d*$/);
  assert.ok(config.entrypoint === undefined, 'a pod names the program');
  assert.equal(last.instructions.filter(({ name }) => name === 'RUN').length, 0);
});

test('Dockerfile pins the Node that the packages name, and tells the version of this release', () => {
  const [build] = stages;
  for (const pinned of Object.values(optionalDependencies)) {
    assert.equal(args['BUILD_IMAGE'], `node:${pinned}-bookworm-slim`);
  }
  assert.equal(build?.from, '${BUILD_IMAGE}');
  assert.equal(last.from, '${BASE_IMAGE}');
  assert.match(args['BASE_IMAGE'] ?? '', /^debian:\d+-slim$/);
  assert.equal(config.labels['org.opencontainers.image.version'], version);
});

test('.dockerignore lets through what the build reads, and no more than the sources', async () => {
  await using folder = await temporaryFolder();
  const passed = await runOrThrow('git', ['ls-files', '-z'], { cwd: root });
  const patterns = (await readFile(join(root, '.dockerignore'), 'utf8')).split('\n');
  const allowed = patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  const isAllowed = (path: string): boolean =>
    allowed.some((one) => path === one || path.startsWith(`${one}/`)) &&
    !path.endsWith('.test.ts') &&
    !path.split('/').includes('testing');
  assert.ok(patterns.includes('*') && patterns.includes('**/*.test.ts') && patterns.includes('**/testing'));
  for (const path of passed.split('\0').filter(isAllowed)) {
    await mkdir(join(folder.path, dirname(path)), { recursive: true });
    await cp(join(root, path), join(folder.path, path));
  }
  // The packages are installed from the lock file there.
  await mkdir(join(folder.path, 'node_modules'));
  for (const name of await readdir(join(root, 'node_modules'))) {
    await runOrThrow('ln', ['-s', join(root, 'node_modules', name), join(folder.path, 'node_modules', name)]);
  }
  await runOrThrow(process.execPath, ['scripts/build.mjs', 'image-host'], {
    cwd: folder.path,
    timeoutMs: 300_000,
  });
  const built = await readdir(join(folder.path, 'dist/image/host/programs/usr/local/bin'));
  assert.deepEqual(built.toSorted(), programs);
});

test('layOutImage() lays out programs that run by their names in a root of their own', async () => {
  await using folder = await temporaryFolder();
  const laid = await layOutImage(folder.path);
  assert.deepEqual(laid, config);
  for (const name of programs) {
    const link = join(folder.path, 'usr/local/bin', name);
    assert.equal(await readlink(link), `/usr/local/lib/spiderpool/${name}.mjs`);
    const target = join(folder.path, await readlink(link));
    assert.equal((await readFile(target, 'utf8')).split('\n')[0], '#!/usr/local/bin/node');
    // What goes along: stack traces name sources, and licenses are told.
    for (const suffix of ['js.map', 'js.LEGAL.txt']) await lstat(target.replace(/mjs$/, suffix));
  }
  await addLibraries(folder.path, join(folder.path, 'usr/local/bin/node'));
  const path = laid.env['PATH'] ?? '';
  for (const name of programs) {
    const program = path
      .split(':')
      .map((one) => join(one, name))
      .find((one) => one.startsWith('/usr/local/bin/'));
    assert.ok(program !== undefined, 'PATH finds it');
    const said = await runOrThrow(
      'chroot',
      [`--userspec=${laid.user ?? ''}`, folder.path, program, '--version'],
      { env: { ...laid.env, PATH: `${path}:${process.env['PATH'] ?? ''}` } },
    );
    assert.equal(said.trim(), version);
  }
});
