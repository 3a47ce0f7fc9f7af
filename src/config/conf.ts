import { loadAll } from 'js-yaml';
import * as z from 'zod';
import { kubernetesYamlSchema } from '../api/yaml-schema.ts';

/**
 * Keys of `conf.yml` (ConfigMap `spiderpool-conf`) that agent and controller act on. Keys are the original's; a missing
 * boolean is false there, but without any file both families are on.
 */
export interface Conf {
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  /** Pods of StatefulSets keep their addresses. */
  readonly enableStatefulSet: boolean;
  /** Virtual machines of KubeVirt keep their addresses. */
  readonly enableKubevirtStaticIP: boolean;
  readonly enableSpiderSubnet: boolean;
  readonly tuneSysctlConfig: boolean;
  /** The controller refuses to delete pools and subnets of which addresses are in use. */
  readonly enableValidatingResourcesDeletedWebhook: boolean;
  /** Undefined when the file does not name it. */
  readonly ipamUnixSocketPath?: string;
}

/** A configuration as it was read. */
export interface ParsedConf {
  readonly conf: Conf;
  /** What is configured and has no effect here; each is worth a warning at start. */
  readonly warnings: readonly string[];
}

/** What holds without a configuration file: both families are on, and static workloads keep their addresses. */
export const defaultConf: Conf = {
  enableIPv4: true,
  enableIPv6: true,
  enableStatefulSet: true,
  enableKubevirtStaticIP: true,
  enableSpiderSubnet: false,
  tuneSysctlConfig: false,
  enableValidatingResourcesDeletedWebhook: false,
};

/** The configuration file can't be used. The message tells which key is wrong and what to write. */
export class ConfError extends Error {
  override readonly name = 'ConfError';
  readonly code = 'CONF_INVALID';
}

const booleanKey = z.boolean().nullish();
const confSchema = z.looseObject({
  ipamUnixSocketPath: z.string().startsWith('/', 'must be an absolute path').nullish(),
  enableIPv4: booleanKey,
  enableIPv6: booleanKey,
  enableStatefulSet: booleanKey,
  enableKubevirtStaticIP: booleanKey,
  enableSpiderSubnet: booleanKey,
  tuneSysctlConfig: booleanKey,
  enableValidatingResourcesDeletedWebhook: booleanKey,
  enableIPConflictDetection: booleanKey,
  enableGatewayDetection: booleanKey,
});

/** Switches that promise something that is not done here: silence would be a trap. */
const switchesWithoutEffect = {
  enableIPConflictDetection: 'addresses are not probed for conflicts before they are given',
  enableGatewayDetection: 'gateways are not probed',
} as const;

/**
 * Reads a `conf.yml`. Unknown keys are ignored, as the original does.
 *
 * @throws ConfError when the text is not YAML, or a key has the wrong type
 */
export function parseConf(text: string, fileName: string): ParsedConf {
  const parsed = confSchema.safeParse(loadYaml(text, fileName) ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the file'}: ${message}`,
    );
    throw new ConfError(`${fileName}: ${problems.join('; ')}`);
  }
  const { data } = parsed;
  const warnings = Object.entries(switchesWithoutEffect)
    .filter(([key]) => data[key] === true)
    .map(([key, effect]) => `${key} is true in ${fileName}, but is not supported here: ${effect}`);
  return {
    conf: {
      enableIPv4: data.enableIPv4 ?? false,
      enableIPv6: data.enableIPv6 ?? false,
      enableStatefulSet: data.enableStatefulSet ?? false,
      enableKubevirtStaticIP: data.enableKubevirtStaticIP ?? false,
      enableSpiderSubnet: data.enableSpiderSubnet ?? false,
      tuneSysctlConfig: data.tuneSysctlConfig ?? false,
      enableValidatingResourcesDeletedWebhook: data.enableValidatingResourcesDeletedWebhook ?? false,
      ...(data.ipamUnixSocketPath && { ipamUnixSocketPath: data.ipamUnixSocketPath }),
    },
    warnings,
  };
}

function loadYaml(text: string, fileName: string): unknown {
  try {
    // Unlike load, this takes a text without any document.
    return loadAll(text, { schema: kubernetesYamlSchema })[0];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfError(`${fileName} is not YAML: ${reason}`, { cause: error });
  }
}
