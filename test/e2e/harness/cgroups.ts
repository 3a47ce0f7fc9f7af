import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Folders of the cgroup file systems: one for each controller in version 1, one in all in version 2. */
export function cgroupHierarchies(): readonly string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, path = '']) => path);
}

/**
 * Makes the cgroup `name`, such as `spiderpool-x/node-1`, with its parents in every hierarchy: kubelet wants its root to be there.
 * @returns the folders of the first part of the name, which are to be removed in the end
 * @throws Error of node:fs where cgroups can't be written
 */
export function createCgroup(name: string): readonly string[] {
  const parts = name.split('/');
  return cgroupHierarchies().map((hierarchy) => {
    let folder = hierarchy;
    for (const part of parts) {
      offerControllers(folder);
      folder = join(folder, part);
      mkdirSync(folder, { recursive: true });
    }
    offerControllers(folder);
    return join(hierarchy, parts[0] ?? '');
  });
}

/** In version 2 a cgroup has the controllers that its parent offers. */
function offerControllers(folder: string): void {
  try {
    const controllers = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const wanted = controllers.filter(Boolean).map((controller) => `+${controller}`);
    if (wanted.length > 0) writeFileSync(join(folder, 'cgroup.subtree_control'), wanted.join(' '));
  } catch (error) {
    // Version 1 has no such file.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
