import type * as FileSystem from 'node:fs';
import { CniCode, CniError } from '../../src/cni/error.ts';
import { logRoot } from '../../src/cni/plugin-paths.ts';
import type { PluginLogSettings } from '../../src/cni/plugin-settings.ts';
import { quoteText } from '../../src/cni/sanitize-text.ts';

/** The log folder or file is not what it should be: a link, another's, no file. */
class RefusedPathError extends Error {
  override readonly name = 'RefusedPathError';
}

/**
 * Appends one line to the plugin's log file, rotating it first when it is too large. Nothing but a file below the log
 * folder is written, and no link is followed on the way: the folder is held open while its name is resolved.
 * A failure to write (disk full, say) is no error, since a log must not decide over a call.
 * @throws {CniError} code 7 when the path leads elsewhere
 */
export async function writeLogLine(line: string, settings: PluginLogSettings, nowMs: number): Promise<void> {
  const fs = await import('node:fs');
  const slash = settings.path.lastIndexOf('/');
  const name = settings.path.slice(slash + 1);
  try {
    const folder = openFolder(fs, settings.path.slice(0, slash));
    // /proc/self/fd is openat(2) for a runtime that has none: what the path names meanwhile no longer matters.
    appendLine(fs, `/proc/self/fd/${folder}`, name, line, settings, nowMs);
  } catch (error) {
    const reason = refusal(error);
    if (reason === undefined) return;
    throw new CniError(
      CniCode.invalidConfig,
      `invalid network config: ipam.log_file_path ${quoteText(settings.path)} is refused: ${reason}`,
    );
  }
}

function refusal(error: unknown): string | undefined {
  if (error instanceof RefusedPathError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ELOOP' || code === 'ENOTDIR' ? 'no links are followed' : undefined;
}

/** Opens the folder step by step below the log root, making what is missing. */
function openFolder(fs: typeof FileSystem, path: string): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  let fd = fs.openSync(logRoot, O_RDONLY | O_DIRECTORY);
  const steps = path.slice(logRoot.length).split('/').filter(Boolean);
  for (const step of steps) {
    const next = `/proc/self/fd/${fd}/${step}`;
    if (fs.lstatSync(next, { throwIfNoEntry: false }) === undefined) fs.mkdirSync(next, { mode: 0o755 });
    const nextFd = fs.openSync(next, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    fs.closeSync(fd);
    fd = nextFd;
  }
  return fd;
}

function appendLine(
  fs: typeof FileSystem,
  folder: string,
  name: string,
  line: string,
  settings: PluginLogSettings,
  nowMs: number,
): void {
  const file = `${folder}/${name}`;
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const open = (): number =>
    fs.openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o640);
  let fd = open();
  const stats = fs.fstatSync(fd);
  if (!stats.isFile()) throw new RefusedPathError('it is not a file');
  if (stats.uid !== process.geteuid?.()) throw new RefusedPathError(`it belongs to user ${stats.uid}`);
  if (stats.nlink > 1) throw new RefusedPathError('it has a second name (a hard link)');
  if (stats.size > 0 && stats.size + line.length > settings.bytesMax) {
    fs.closeSync(fd);
    fs.renameSync(file, `${folder}/${rotatedName(name, nowMs)}`);
    removeOld(fs, folder, name, settings, nowMs);
    fd = open();
  }
  fs.writeSync(fd, line);
  fs.closeSync(fd);
}

/** `spiderpool.log` becomes `spiderpool-2026-01-02T03-04-05.678.log`, as upstream's log library names it. */
function rotatedName(name: string, nowMs: number): string {
  const [stem, extension] = splitName(name);
  return `${stem}-${new Date(nowMs).toISOString().slice(0, -1).replaceAll(':', '-')}${extension}`;
}

function splitName(name: string): readonly [stem: string, extension: string] {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
}

function removeOld(
  fs: typeof FileSystem,
  folder: string,
  name: string,
  settings: PluginLogSettings,
  nowMs: number,
): void {
  const [stem, extension] = splitName(name);
  const rotated = fs
    .readdirSync(folder)
    .flatMap((entry) => {
      if (!entry.startsWith(`${stem}-`) || !entry.endsWith(extension)) return [];
      const time = entry.slice(stem.length + 1, entry.length - extension.length);
      const match = /^(\d{4}-\d\d-\d\dT)(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(time);
      if (match === null) return [];
      return [{ entry, timeMs: Date.parse(`${match[1]}${match[2]}:${match[3]}:${match[4]}Z`) }];
    })
    .sort((a, b) => b.timeMs - a.timeMs);
  for (const [index, { entry, timeMs }] of rotated.entries()) {
    const tooMany = settings.countMax > 0 && index >= settings.countMax;
    const tooOld = settings.ageMsMax > 0 && nowMs - timeMs > settings.ageMsMax;
    if (tooMany || tooOld) fs.rmSync(`${folder}/${entry}`, { force: true });
  }
}
