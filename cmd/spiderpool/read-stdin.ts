import { CniCode, CniError } from '../../src/cni/error.ts';

/** A network configuration has a few kilobytes; a GC of a full node some hundred. */
const stdinBytesMax = 1024 * 1024;

/**
 * All of stdin as text.
 * @throws {CniError} code 6 when it is longer than 1 MiB
 */
export async function readStdin(): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of Bun.stdin.stream()) {
    length += chunk.length;
    if (length > stdinBytesMax) {
      throw new CniError(
        CniCode.decodingFailure,
        `the network config on stdin is larger than ${stdinBytesMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  const decoder = new TextDecoder();
  let text = '';
  for (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}
