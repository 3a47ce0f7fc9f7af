// What goes into the image, and how its files are named there. See Dockerfile and docs/image.md.
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Architectures in the words of container images, and what npm's packages call them. */
export const imageArchitectures = {
  amd64: { bun: 'x64', node: 'x64' },
  arm64: { bun: 'aarch64', node: 'arm64' },
};

/** C libraries of hosts. One build for x64 is enough for each: Bun asks the processor for AVX2 when it starts. */
export const pluginLibcs = ['glibc', 'musl'];

/** The programs that run on Node. */
export const imagePrograms = ['spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'];

const nodePath = '/usr/local/bin/node';
const library = 'usr/local/lib/spiderpool';

/**
 * Lays out the three layers of an image under `folder`: `node`, `plugin` and `programs`, each a root file system.
 *
 * @param {string} folder made anew
 * @param {{node: string, nodeLicense: string, license: string, plugins: readonly string[], bundles: string}} sources the node executable, the
 * licenses of it and of this project, the builds of the plugin, and the folder of the bundles
 */
export function layOutLayers(folder, { node, nodeLicense, license, plugins, bundles }) {
  rmSync(folder, { recursive: true, force: true });
  place(node, path.join(folder, 'node', nodePath), 0o755);
  place(nodeLicense, path.join(folder, 'node', library, 'LICENSE.node'), 0o644);
  for (const plugin of plugins) {
    place(plugin, path.join(folder, 'plugin', library, 'plugin', path.basename(plugin)), 0o755);
  }
  const programs = path.join(folder, 'programs');
  place(license, path.join(programs, library, 'LICENSE'), 0o644);
  mkdirSync(path.join(programs, 'usr/local/bin'), { recursive: true });
  for (const name of imagePrograms) {
    const bundle = readFileSync(path.join(bundles, `${name}.js`), 'utf8');
    const target = path.join(programs, library, `${name}.mjs`);
    mkdirSync(path.dirname(target), { recursive: true });
    // The image has one node, wherever PATH points.
    writeFileSync(target, bundle.replace(/^#!.*/, `#!${nodePath}`));
    chmodSync(target, 0o755);
    for (const suffix of ['js.map', 'js.LEGAL.txt']) {
      place(
        path.join(bundles, `${name}.${suffix}`),
        path.join(programs, library, `${name}.${suffix}`),
        0o644,
      );
    }
    symlinkSync(`/${library}/${name}.mjs`, path.join(programs, 'usr/local/bin', name));
  }
}

function place(from, to, mode) {
  mkdirSync(path.dirname(to), { recursive: true });
  copyFileSync(from, to, constants.COPYFILE_FICLONE);
  chmodSync(to, mode);
}
