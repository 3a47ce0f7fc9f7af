import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { layOutImage } from '../../support/image-layout.ts';
import { runOrThrow } from '../../support/run-command.ts';
import { ImageArchive, type Layer } from './image-archive.ts';
import { pauseImage } from './node-config.ts';

/** Image with busybox and all its commands. */
export const busyboxImage = 'example.test/busybox:1';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const path = 'PATH=/usr/local/bin:/bin';

/**
 * Makes the images that pods of tests run, and the product's, of busybox and of files of this machine.
 * @param examples images that examples name; they get busybox with a web server in place of theirs
 * @returns path of an archive with all of them
 */
export async function makeImages(folder: string, examples: readonly string[] = []): Promise<string> {
  const busybox = join(folder, 'busybox-root');
  await layOutBusybox(busybox);
  const archive = await ImageArchive.create(join(folder, 'images'));
  const layers = [await archive.addLayer(busybox)];
  const pause = ['/bin/sleep', '2147483647'];
  await archive.addImage({ name: pauseImage, layers, config: { Entrypoint: pause, Env: [path] } });
  await archive.addImage({ name: busyboxImage, layers, config: { Cmd: ['sh'], Env: [path] } });
  for (const name of examples) {
    await archive.addImage({ name, layers, config: { Cmd: ['sh', '-c', serveScript], Env: [path] } });
  }
  await addProduct(archive, layers, folder);
  return archive.finish();
}

/** Serves the pod's name over HTTP until it is asked to end. */
export const serveScript =
  'mkdir -p /tmp/www && hostname >/tmp/www/index.html && httpd -p 80 -h /tmp/www; trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done';

/** By the Dockerfile, with busybox and the libraries of this machine in place of its base. */
async function addProduct(archive: ImageArchive, base: readonly Layer[], folder: string): Promise<void> {
  const product = join(folder, 'product-root');
  const { env, user, entrypoint, command, workingFolder } = await layOutImage(product);
  const libraries = join(folder, 'library-root');
  await layOutLibraries(libraries, [process.execPath, join(root, 'dist/spiderpool')]);
  const layers = [...base, await archive.addLayer(libraries), await archive.addLayer(product)];
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  await archive.addImage({
    name: `docker.io/spiderpool/spiderpool:${version}`,
    layers,
    config: {
      Env: [path, ...Object.entries(env).map(([key, value]) => `${key}=${value}`)],
      User: user,
      Entrypoint: entrypoint,
      Cmd: command,
      WorkingDir: workingFolder,
    },
  });
}

/** Copies the shared libraries that `executables` need, each to its own path under `target`. */
async function layOutLibraries(target: string, executables: readonly string[]): Promise<void> {
  const files = new Set<string>();
  for (const executable of executables) {
    const listed = await runOrThrow('ldd', [executable]);
    for (const [, file = ''] of listed.matchAll(/(\/\S+) \(0x/g)) files.add(file);
  }
  for (const file of files) {
    await mkdir(dirname(join(target, file)), { recursive: true });
    await copyFile(file, join(target, file));
  }
}

/** Fills `target` with busybox, its commands, and what programs expect of a root file system. */
async function layOutBusybox(target: string): Promise<void> {
  await Promise.all(
    ['bin', 'etc', 'root'].map(async (name) => mkdir(join(target, name), { recursive: true })),
  );
  await mkdir(join(target, 'tmp'), { recursive: true });
  await runOrThrow('chmod', ['1777', join(target, 'tmp')]);
  await copyFile(await pathOfBusybox(), join(target, 'bin/busybox'));
  const commands = (await runOrThrow('busybox', ['--list'])).split('\n');
  for (const name of commands.filter((command) => command !== '' && command !== 'busybox')) {
    await symlink('busybox', join(target, 'bin', name));
  }
  await writeFile(
    join(target, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532::/:/bin/sh\n',
  );
  await writeFile(join(target, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
}

async function pathOfBusybox(): Promise<string> {
  return (await runOrThrow('sh', ['-c', 'command -v busybox'])).trim();
}
