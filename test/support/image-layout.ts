import { execFile } from 'node:child_process';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One instruction of a Dockerfile. */
export interface Instruction {
  /** In capitals, such as `COPY`. */
  readonly name: string;
  readonly args: string;
}

/** One `FROM` and what follows it. */
export interface Stage {
  /** The image it starts from, arguments as they are written. */
  readonly from: string;
  /** What `AS` calls it. */
  readonly name: string | undefined;
  readonly instructions: readonly Instruction[];
}

/** A Dockerfile, in its stages. */
export interface ImageFile {
  /** `ARG` lines before the first stage. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** What a container of the image starts with. */
export interface ImageConfig {
  readonly env: Readonly<Record<string, string>>;
  /** As `USER` says it; undefined is root. */
  readonly user: string | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingFolder: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** One `COPY --from=STAGE SOURCE DESTINATION`. */
export interface ImageCopy {
  readonly stage: string;
  readonly source: string;
  readonly destination: string;
}

/** The Dockerfile has something that this reader does not know; then tests would run something else than the image. */
export class ImageFileError extends Error {
  override readonly name = 'ImageFileError';
  readonly code = 'SP_IMAGE_FILE';
}

/** Reads the project's Dockerfile. @throws ImageFileError */
export async function readImageFile(): Promise<ImageFile> {
  return parseImageFile(await readFile(join(root, 'Dockerfile'), 'utf8'));
}

/** Reads the part of the Dockerfile language that the project uses: one instruction a line, no here-documents. @throws ImageFileError */
export function parseImageFile(text: string): ImageFile {
  const args: Record<string, string> = {};
  const stages: { from: string; name: string | undefined; instructions: Instruction[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name, rest] = /^([A-Z]+) (.*[^\\\s])$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) throw new ImageFileError(`can't read: ${line}`);
    if (name === 'FROM') {
      const [, from, as] = /^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      if (from === undefined) throw new ImageFileError(`can't read: ${line}`);
      stages.push({ from, name: as, instructions: [] });
    } else if (stages.length === 0) {
      if (name !== 'ARG') throw new ImageFileError(`before the first FROM: ${line}`);
      Object.assign(args, Object.fromEntries([parsePair(rest)]));
    } else {
      stages.at(-1)?.instructions.push({ name, args: rest });
    }
  }
  return { args, stages };
}

/** What a container of a stage's image starts with, and which files the stage adds to its base. @throws ImageFileError */
export function readStage(
  stage: Stage,
  args: Readonly<Record<string, string>>,
): { config: ImageConfig; copies: readonly ImageCopy[] } {
  const env: Record<string, string> = {};
  const labels: Record<string, string> = {};
  const copies: ImageCopy[] = [];
  const config: { -readonly [K in keyof ImageConfig]: ImageConfig[K] } = {
    env,
    labels,
    user: undefined,
    entrypoint: undefined,
    command: undefined,
    workingFolder: '/',
  };
  for (const instruction of stage.instructions) {
    const text = substitute(instruction.args, args);
    switch (instruction.name) {
      case 'ARG':
        if (!Object.hasOwn(args, text)) throw new ImageFileError(`no value for ARG ${text}`);
        break;
      case 'COPY':
        copies.push(parseCopy(text));
        break;
      case 'ENV':
        Object.assign(env, Object.fromEntries([parsePair(text)]));
        break;
      case 'LABEL':
        Object.assign(labels, Object.fromEntries([parsePair(text)]));
        break;
      case 'USER':
        config.user = text;
        break;
      case 'WORKDIR':
        config.workingFolder = text;
        break;
      case 'ENTRYPOINT':
        config.entrypoint = parseList(text);
        break;
      case 'CMD':
        config.command = parseList(text);
        break;
      default:
        // RUN above all: what it does to the files can't be known here.
        throw new ImageFileError(`can't follow ${instruction.name} ${text}`);
    }
  }
  return { config, copies };
}

/**
 * Lays out what the image adds to its base, by the last stage of the Dockerfile and from what this tree builds for this machine: with
 * the plugin for glibc alone, so that nothing has to be fetched.
 *
 * @param folder becomes the root of the files; what is there already stays
 * @throws ImageFileError
 */
export async function layOutImage(folder: string): Promise<ImageConfig> {
  const { stages, args } = await readImageFile();
  const stage = stages.at(-1);
  if (stage === undefined) throw new ImageFileError('the Dockerfile has no stage');
  const { config, copies } = readStage(stage, { ...args, TARGETARCH: 'host' });
  await promisify(execFile)(process.execPath, [join(root, 'scripts/build.mjs'), 'image-host']);
  for (const { source, destination } of copies) {
    await cp(join(root, pathInTree(source)), join(folder, destination), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
  return config;
}

/** A path of the build stage as one of this tree. @throws ImageFileError */
export function pathInTree(source: string): string {
  if (source.startsWith('/src/')) return source.slice('/src/'.length);
  throw new ImageFileError(`${source} is not in the build stage's tree, /src`);
}

function parseCopy(text: string): ImageCopy {
  const [, stage, source, destination] = /^--from=(\S+) (\/\S+\/) (\/\S*)$/.exec(text) ?? [];
  if (stage !== undefined && source !== undefined && destination !== undefined) {
    return { stage, source, destination };
  }
  throw new ImageFileError(`can't follow COPY ${text}: one folder of a stage, with a slash at its end`);
}

function substitute(text: string, args: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? '';
    const value = args[name];
    if (value === undefined) throw new ImageFileError(`no value for ${name}`);
    return value;
  });
}

function parsePair(text: string): readonly [key: string, value: string] {
  const [, key, quoted, bare] = /^([\w.]+)=(?:"([^"\\]*)"|([^\s"\\]*))$/.exec(text) ?? [];
  if (key === undefined) throw new ImageFileError(`not KEY=VALUE: ${text}`);
  return [key, quoted ?? bare ?? ''];
}

function parseList(text: string): readonly string[] {
  const value: unknown = text.startsWith('[') ? JSON.parse(text) : undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw new ImageFileError(`not a list of strings in JSON, so that a shell would be needed: ${text}`);
}
