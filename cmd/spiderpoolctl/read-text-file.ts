import { createReadStream } from 'node:fs';
import { CtlError } from './ctl-error.ts';

/** What the plugin accepts on its stdin, and more than an API server takes as one object. */
const bytesMax = 1024 * 1024;

/**
 * Reads a file whole.
 *
 * @param path `-` is `stdin`
 * @param what the file is, such as `the network config`
 * @throws {CtlError} `CTL_USAGE` when it can't be read, `CTL_INTERRUPTED`
 */
export async function readTextFile(
  path: string,
  what: string,
  { stdin, signal }: { readonly stdin: NodeJS.ReadableStream; readonly signal: AbortSignal },
): Promise<string> {
  const unusable = (why: string, cause?: unknown): CtlError =>
    new CtlError('CTL_USAGE', `can't use ${what} ${nameOfFile(path)}: ${why}`, { cause });
  const stream = path === '-' ? stdin : createReadStream(path);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const interrupt = (): void => {
    if ('destroy' in stream && typeof stream.destroy === 'function') stream.destroy();
  };
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    for await (const chunk of stream) {
      const buffer = Buffer.from(chunk);
      bytes += buffer.length;
      if (bytes > bytesMax) throw unusable(`it is larger than ${bytesMax} bytes`);
      chunks.push(buffer);
    }
  } catch (error) {
    if (signal.aborted) throw new CtlError('CTL_INTERRUPTED', 'interrupted', { cause: error });
    if (error instanceof CtlError) throw error;
    throw unusable(error instanceof Error ? error.message : String(error), error);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A file as messages name it. */
export function nameOfFile(path: string): string {
  return path === '-' ? 'stdin' : path;
}
