import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrThrow } from '../../support/run-command.ts';
import { ImageArchive } from './image-archive.ts';
import { pauseImage } from './node-config.ts';

/** Image with busybox and all its commands. */
export const busyboxImage = 'example.test/busybox:1';

/** Makes the images that pods of tests run. @returns path of an archive with all of them */
export async function makeBaseImages(folder: string): Promise<string> {
  const root = join(folder, 'busybox-root');
  await layOutBusybox(root);
  const archive = await ImageArchive.create(join(folder, 'base-images'));
  const layer = await archive.addLayer(root);
  const path = 'PATH=/usr/local/bin:/bin';
  await archive.addImage({
    name: pauseImage,
    layers: [layer],
    config: { Entrypoint: ['/bin/sleep', '2147483647'], Env: [path] },
  });
  await archive.addImage({ name: busyboxImage, layers: [layer], config: { Cmd: ['sh'], Env: [path] } });
  return archive.finish();
}

/** Fills `root` with busybox, its commands, and what programs expect of a root. */
export async function layOutBusybox(root: string): Promise<void> {
  await Promise.all(['bin', 'etc', 'root'].map(async (name) => mkdir(join(root, name), { recursive: true })));
  await mkdir(join(root, 'tmp'), { mode: 0o1777, recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin/busybox'));
  const commands = (await runOrThrow('busybox', ['--list'])).split('\n');
  for (const name of commands.filter((command) => command !== '' && command !== 'busybox')) {
    await symlink('busybox', join(root, 'bin', name));
  }
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65532:65532::/:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnobody:x:65532:\n');
}
