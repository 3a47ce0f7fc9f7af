import { isJsonObject, type JsonObject } from '../../src/cni/field-reader.ts';
import { CtlError } from './ctl-error.ts';
import { nameOfFile, readTextFile } from './read-text-file.ts';

const ipamType = 'spiderpool';

/**
 * Reads a CNI network config from a file; see {@link parseNetworkConfigText}.
 *
 * @param path `-` is stdin
 * @throws {CtlError} `CTL_USAGE` when the file can't be read or has no such config, `CTL_INTERRUPTED`
 */
export async function readNetworkConfig(
  path: string,
  input: { readonly stdin: NodeJS.ReadableStream; readonly signal: AbortSignal },
): Promise<JsonObject> {
  return parseNetworkConfigText(nameOfFile(path), await readTextFile(path, 'the network config', input));
}

/**
 * A CNI network config, or of a list of plugins (`.conflist`) the first one whose IPAM is spiderpool, as a runtime would hand it to the
 * plugin.
 *
 * @param name of where it stands, for messages
 * @throws {CtlError} `CTL_USAGE` when it is none
 */
export function parseNetworkConfigText(name: string, text: string): JsonObject {
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
