import { createReadStream } from 'node:fs';
import { isJsonObject, type JsonObject } from '../../src/cni/field-reader.ts';
import { CtlError } from './ctl-error.ts';

/** What the plugin accepts on its stdin. */
const bytesMax = 1024 * 1024;

const ipamType = 'spiderpool';

/**
 * Reads a CNI network config, or of a list of plugins (`.conflist`) the first one whose IPAM is spiderpool, as a runtime would
 * hand it to the plugin.
 *
 * @param path `-` is `stdin`
 * @throws {CtlError} `CTL_USAGE` when the file can't be read or has no such config, `CTL_INTERRUPTED`
 */
export async function readNetworkConfig(
  path: string,
  stdin: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<JsonObject> {
  const name = path === '-' ? 'stdin' : path;
  const text = await readText(path === '-' ? stdin : createReadStream(path), name, signal);
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw unusable(name, `it is not JSON: ${messageOf(error)}`, error);
  }
  if (!isJsonObject(config))
    throw unusable(name, 'it must be a JSON object with "cniVersion", "name" and "ipam"');
  return 'plugins' in config ? pickPlugin(name, config) : checkIpamType(name, config);
}

async function readText(stream: NodeJS.ReadableStream, name: string, signal: AbortSignal): Promise<string> {
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
      if (bytes > bytesMax) throw unusable(name, `it is larger than ${bytesMax} bytes`);
      chunks.push(buffer);
    }
  } catch (error) {
    if (signal.aborted) throw new CtlError('CTL_INTERRUPTED', 'interrupted', { cause: error });
    throw error instanceof CtlError ? error : unusable(name, messageOf(error), error);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** As libcni does it: the plugin's own config, with the name and version of the list. */
function pickPlugin(name: string, list: JsonObject): JsonObject {
  const plugins = Array.isArray(list['plugins']) ? list['plugins'].filter(isJsonObject) : [];
  const plugin = plugins.find((one) => ipamTypeOf(one) === ipamType);
  if (plugin === undefined) {
    const types = plugins.map((one) => JSON.stringify(ipamTypeOf(one)) ?? 'none').join(', ');
    throw unusable(name, `none of its plugins has ipam.type "${ipamType}" (they have: ${types})`);
  }
  return { ...plugin, name: list['name'], cniVersion: list['cniVersion'] };
}

function checkIpamType(name: string, config: JsonObject): JsonObject {
  const type = ipamTypeOf(config);
  if (type === ipamType) return config;
  throw unusable(name, `its ipam.type is ${JSON.stringify(type) ?? 'missing'}, not "${ipamType}"`);
}

function ipamTypeOf(config: JsonObject): unknown {
  return isJsonObject(config['ipam']) ? config['ipam']['type'] : undefined;
}

function unusable(name: string, why: string, cause?: unknown): CtlError {
  return new CtlError('CTL_USAGE', `can't use the network config ${name}: ${why}`, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
