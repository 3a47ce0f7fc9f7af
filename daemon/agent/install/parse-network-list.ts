import { CniError } from '../../../src/cni/error.ts';
import { FieldReader, isJsonObject, type JsonObject } from '../../../src/cni/field-reader.ts';
import { parseNetworkConfig, parseNetworkName } from '../../../src/cni/parse-config.ts';
import { parseCniVersion } from '../../../src/cni/version.ts';
import { InstallError } from './install-error.ts';

/** A network has a main plugin and a few chained ones. */
const pluginsMax = 32;

const ipamType = 'spiderpool';

/**
 * Checks that a text is a CNI network list (CNI 1.1.0, section "Configuration format") that a runtime accepts, and in which at least
 * one plugin gets its addresses from here: a typing error is to be seen at the installation, not at the first pod.
 *
 * @param name where it stands, for messages
 * @returns the network's name
 * @throws InstallError
 */
export function parseNetworkList(name: string, text: string): string {
  const list = parseObject(name, text);
  try {
    const root = new FieldReader(list, '');
    const network = parseNetworkName(root);
    parseCniVersion(root.string('cniVersion'));
    if (root.raw('plugins') === undefined)
      throw root.invalid('plugins', 'is missing: it must be a list, [{"type": …}]');
    const plugins = root.objects('plugins', pluginsMax);
    if (plugins.length === 0) throw root.invalid('plugins', 'must not be empty');
    for (const plugin of plugins) {
      if ((plugin.string('type') ?? '') === '')
        throw plugin.invalid('type', 'is missing: name the plugin, such as "macvlan"');
    }
    const ours = ourPlugins(list);
    if (ours.length === 0)
      throw root.invalid('plugins', `must have one with "ipam": {"type": "${ipamType}"}`);
    // As libcni hands it to the plugin: with the name and version of the list.
    for (const plugin of ours) {
      parseNetworkConfig({ ...plugin, name: list['name'], cniVersion: list['cniVersion'] });
    }
    return network;
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw unusable(name, error.message, error);
  }
}

function parseObject(name: string, text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(name, `it is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  if (isJsonObject(value)) return value;
  throw unusable(name, 'it must be a JSON object with "cniVersion", "name" and "plugins"');
}

function ourPlugins(list: JsonObject): readonly JsonObject[] {
  const plugins = Array.isArray(list['plugins']) ? list['plugins'].filter(isJsonObject) : [];
  return plugins.filter(({ ipam }) => isJsonObject(ipam) && ipam['type'] === ipamType);
}

function unusable(name: string, why: string, cause?: unknown): InstallError {
  return new InstallError(`the network list ${name} can't be used: ${why}`, { cause });
}
