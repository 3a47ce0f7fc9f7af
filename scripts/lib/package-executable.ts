import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pkgOptions from 'pkg/lib-es5/options.js';
import pkgSea from 'pkg/lib-es5/sea.js';
import { heapFlags } from '../../cmd/process/compact-heap.ts';
import type { PackageArchitecture, PackageProgram } from './package-arguments.ts';

/** One executable to be made. */
export interface ExecutableOrder {
  readonly program: PackageProgram;
  readonly architecture: PackageArchitecture;
  /** The program as one CommonJS file. */
  readonly bundle: string;
  /** Node for that architecture. */
  readonly node: string;
  /** Its version, without a `v`: three numbers. */
  readonly nodeVersion: string;
  /** Absolute path of the executable. */
  readonly output: string;
}

/**
 * Makes one executable of a bundle and Node with pkg, which finds Node in a cache that was filled here: nothing is downloaded.
 * One at a time: pkg works in the folder of its process.
 */
export async function makeExecutable(order: ExecutableOrder): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'spiderpool-pkg-'));
  const homeBefore = process.env['HOME'];
  try {
    await seedCache(home, order);
    // pkg's cache is in the home folder; the user's own is left alone.
    process.env['HOME'] = home;
    pkgOptions.default.set({});
    await mkdir(dirname(order.output), { recursive: true });
    const target = {
      nodeRange: `node${order.nodeVersion}`,
      platform: 'linux',
      arch: order.architecture,
      output: order.output,
    } as const;
    await pkgSea.default(order.bundle, {
      targets: [target],
      signature: false,
      seaConfig: seaConfig(order.program, order.architecture),
    });
  } finally {
    if (homeBefore === undefined) delete process.env['HOME'];
    else process.env['HOME'] = homeBefore;
    await rm(home, { recursive: true, force: true });
  }
}

/**
 * Node's settings of an executable (Node, "Single executable applications"). Nobody else's settings get in: `NODE_OPTIONS` of whoever
 * starts it is not looked at.
 */
function seaConfig(program: PackageProgram, architecture: PackageArchitecture) {
  const isDaemon = program !== 'spiderpoolctl';
  return {
    disableExperimentalSEAWarning: true,
    useSnapshot: false,
    // Compiled beforehand a command starts in three quarters of the time. It can be done only for the machine that builds, and
    // V8 does not take it under other settings, which a daemon has.
    useCodeCache: !isDaemon && architecture === process.arch,
    // With them from the beginning, a daemon need not start itself anew.
    execArgv: isDaemon ? [...heapFlags] : [],
    execArgvExtension: 'none',
  };
}

/** What pkg's cache looks like after a download: an archive, what was unpacked, and marks that both are whole. */
async function seedCache(home: string, { node, nodeVersion, architecture }: ExecutableOrder): Promise<void> {
  const cache = join(home, '.pkg-cache', 'sea');
  const name = `node-v${nodeVersion}-linux-${architecture}`;
  const folder = join(cache, name, 'bin');
  await mkdir(folder, { recursive: true });
  for (const empty of [`${name}.tar.gz`, `${name}.tar.gz.ok`, join(name, 'bin', 'node.ok')]) {
    await writeFile(join(cache, empty), '');
  }
  await symlink(node, join(folder, 'node'));
}
