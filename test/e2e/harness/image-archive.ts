import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { runOrThrow } from '../../support/run-command.ts';

/** An image to be made of folders. */
export interface ImageParts {
  /** With a tag. */
  readonly name: string;
  /** One layer each, lowest first. */
  readonly layers: readonly Layer[];
  /** Of the OCI image configuration: `Entrypoint`, `Cmd`, `Env`, `User`. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** A layer of an archive that is being made. */
export interface Layer {
  readonly file: string;
  readonly digest: string;
}

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'amd64',
  arm64: 'arm64',
};
/** A few hundred megabytes are packed. */
const packTimeoutMs = 300_000;

/** Makes an archive in the form of `docker save`, which `ctr images import` reads, without any builder or registry. */
export class ImageArchive {
  readonly #folder: string;
  readonly #manifest: object[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @param folder for its parts; is made */
  static async create(folder: string): Promise<ImageArchive> {
    await mkdir(folder, { recursive: true });
    return new ImageArchive(folder);
  }

  /** Packs the content of `root` as a layer whose files are root's. */
  async addLayer(root: string): Promise<Layer> {
    const packing = join(this.#folder, `packing-${(await readdir(this.#folder)).length}`);
    const flags = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
    await runOrThrow('tar', ['--create', ...flags, '--file', packing, '--directory', root, '.'], {
      timeoutMs: packTimeoutMs,
    });
    const hash = createHash('sha256');
    await pipeline(createReadStream(packing), hash);
    const digest = hash.digest('hex');
    const file = `${digest}.tar`;
    await rename(packing, join(this.#folder, file));
    return { file, digest: `sha256:${digest}` };
  }

  /** Adds an image; several may share layers. */
  async addImage({ name, layers, config }: ImageParts): Promise<void> {
    const text = JSON.stringify({
      architecture: architectures[process.arch] ?? process.arch,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    });
    const file = `${createHash('sha256').update(text).digest('hex')}.json`;
    await writeFile(join(this.#folder, file), text);
    this.#manifest.push({ Config: file, RepoTags: [name], Layers: layers.map((layer) => layer.file) });
  }

  /** @returns path of the archive */
  async finish(): Promise<string> {
    await writeFile(join(this.#folder, 'manifest.json'), JSON.stringify(this.#manifest));
    const archive = `${this.#folder}.tar`;
    await runOrThrow('tar', ['--create', '--file', archive, '--directory', this.#folder, '.'], {
      timeoutMs: packTimeoutMs,
    });
    return archive;
  }
}
