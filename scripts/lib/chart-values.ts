import { isJsonObject } from '../../src/cni/field-reader.ts';

/** One value of the chart: its path, its default, and what the comment above it says. */
export interface ChartValue {
  readonly path: string;
  readonly default: unknown;
  readonly description: string;
}

/** Maps whose keys are the user's; those that are empty by default need no mention. */
const openMaps = [
  'nodeSelector',
  'resources',
  'podSecurityContext',
  'securityContext',
  'grafanaDashboard.labels',
  'operator.matchLabels',
];

/** What the controller takes: days would be a mistake in the unit. */
const secondsMax = 86_400;

/** What a type does not say; by the end of the path, the first that fits. */
const refinements: Readonly<Record<string, object>> = {
  // Other programs find the pods by these.
  'spiderpoolAgent.name': { const: 'spiderpool-agent' },
  'spiderpoolController.name': { const: 'spiderpool-controller' },
  'global.cniBinHostPath': folderSchema(),
  'global.cniConfHostPath': folderSchema(),
  // The longest path of a socket.
  'global.ipamUNIXSocketHostPath': { pattern: '^/[^/]+/.*[^/]$', maxLength: 107 },
  'cni.name': { pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' },
  'cni.plugins': listOf('object'),
  'cni.cniVersion': { enum: ['0.3.1', '0.4.0', '1.0.0', '1.1.0'] },
  ipv4IPRanges: listOf('string'),
  ipv6IPRanges: listOf('string'),
  extraArgs: listOf('string'),
  extraEnv: listOf('object'),
  extraVolumes: listOf('object'),
  extraVolumeMounts: listOf('object'),
  imagePullSecrets: listOf('object'),
  tolerations: listOf('object'),
  extraDnsNames: listOf('string'),
  extraIPAddresses: listOf('string'),
  'image.digest': { pattern: '^(sha256:[0-9a-f]{64})?$' },
  'cni.type': { enum: ['macvlan', 'ipvlan', 'bridge'] },
  // Runtimes read these endings and no other.
  'cni.fileName': { pattern: '^[^/]+\\.(conflist|conf|json)$' },
  'cni.mtu': { minimum: 0, maximum: 65_535 },
  'spiderpoolAgent.updateStrategy.type': { enum: ['RollingUpdate', 'OnDelete'] },
  'spiderpoolController.updateStrategy.type': { enum: ['RollingUpdate', 'Recreate'] },
  'rollingUpdate.maxUnavailable': { type: ['integer', 'string'] },
  // Two agents can't serve one node.
  'spiderpoolAgent.updateStrategy.rollingUpdate.maxSurge': { const: 0 },
  'rollingUpdate.maxSurge': { type: ['integer', 'string'] },
  'podDisruptionBudget.minAvailable': { type: ['integer', 'string'] },
  'podDisruptionBudget.maxUnavailable': { type: ['integer', 'string'] },
  'image.pullPolicy': { enum: ['Always', 'IfNotPresent', 'Never'] },
  'service.type': { enum: ['ClusterIP', 'NodePort', 'LoadBalancer'] },
  'debug.logLevel': { enum: ['debug', 'info', 'warn', 'error', 'fatal', 'panic'] },
  'tls.method': { enum: ['auto', 'provided', 'certmanager'] },
  'certmanager.issuerKind': { enum: ['Issuer', 'ClusterIssuer'] },
  'spiderpoolController.replicas': { minimum: 1 },
  'gcAll.intervalInSecond': { minimum: 1, maximum: secondsMax },
  'gc.gcDeletingTimeOutPodDelay': { minimum: 0, maximum: secondsMax },
  'certmanager.certValidityDuration': { minimum: 1 },
  failureThreshold: { minimum: 1 },
  periodSeconds: { minimum: 1 },
  httpPort: portSchema(),
  webhookPort: portSchema(),
  'prometheus.port': portSchema(),
};

interface MapSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly additionalProperties: boolean;
}

/** Where a chart that has this one as a part keeps the condition of it. */
const conditionOfParent = { type: 'boolean', description: 'Read by a chart that has this one as a part' };

const withoutEffect = { description: "A value of the original's chart, without effect here" };

/**
 * Reads the paths, defaults and descriptions out of the text of values.yaml: a line `# -- …` describes the key below it. What a map holds that is
 * described as a whole is its default.
 * @param defaults the parsed text
 */
export function describedValues(text: string, defaults: object): readonly ChartValue[] {
  const values: ChartValue[] = [];
  const keys: { readonly indent: number; readonly key: string }[] = [];
  let description: string | undefined;
  for (const line of text.split('\n')) {
    const [, comment] = /^ *# -- (.+)$/.exec(line) ?? [];
    if (comment !== undefined) description = comment;
    const [, indentText = '', key] = /^( *)([\w-]+):(?: |$)/.exec(line) ?? [];
    if (key === undefined) continue;
    const indent = indentText.length;
    while ((keys.at(-1)?.indent ?? -1) >= indent) keys.pop();
    keys.push({ indent, key });
    if (description === undefined) continue;
    const path = keys.map((each) => each.key);
    values.push({ path: path.join('.'), default: valueAt(defaults, path), description });
    description = undefined;
  }
  return values;
}

/** Defaults that no description covers: paths. */
export function undescribedPaths(values: readonly ChartValue[], defaults: object): readonly string[] {
  return leafPaths(defaults).filter(
    (leaf) => !values.some(({ path }) => leaf === path || leaf.startsWith(`${path}.`)),
  );
}

/**
 * The JSON schema that helm holds values against: the types of the defaults, no key that nobody knows, and the original's values that do nothing.
 * @param ignored paths of these
 */
export function valuesSchema(
  values: readonly ChartValue[],
  defaults: object,
  ignored: readonly string[],
): object {
  const descriptions = new Map(values.map(({ path, description }) => [path, description]));
  const { properties, ...schema } = mapSchema(defaults, '', descriptions, ignored);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...schema,
    properties: { ...properties, enabled: conditionOfParent },
  };
}

/** The table of the chart's README. */
export function valuesTable(values: readonly ChartValue[]): string {
  const rows = values.map(
    ({ path, default: value, description }) => `| \`${path}\` | ${defaultText(value)} | ${description} |`,
  );
  return ['| value | default | meaning |', '|---|---|---|', ...rows].join('\n');
}

function defaultText(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > 60 ? 'see `values.yaml`' : `\`${json.replaceAll('|', '\\|')}\``;
}

function mapSchema(
  map: object,
  path: string,
  descriptions: ReadonlyMap<string, string>,
  ignored: readonly string[],
): MapSchema {
  const properties: Record<string, object> = {};
  for (const [key, value] of Object.entries(map)) {
    const inner = path === '' ? key : `${path}.${key}`;
    const description = descriptions.get(inner);
    properties[key] = {
      ...(description !== undefined && { description }),
      ...schemaOf(value, inner, descriptions, ignored),
    };
  }
  const prefix = path === '' ? '' : `${path}.`;
  for (const each of ignored) {
    const key = each.startsWith(prefix) ? each.slice(prefix.length) : '.';
    if (!key.includes('.')) properties[key] = withoutEffect;
  }
  // A chart that has this one as a part gives it its own globals; a release of this one alone is checked by templates/_checks.tpl.
  return { type: 'object', properties, additionalProperties: path === 'global' };
}

function schemaOf(
  value: unknown,
  path: string,
  descriptions: ReadonlyMap<string, string>,
  ignored: readonly string[],
): object {
  const refinement = Object.entries(refinements).find(([end]) => isAtEnd(path, end))?.[1] ?? {};
  if (typeof value === 'string') return { type: 'string', ...refinement };
  if (typeof value === 'boolean') return { type: 'boolean' };
  if (typeof value === 'number') return { type: 'integer', ...refinement };
  if (Array.isArray(value)) return { type: 'array', ...refinement };
  if (!isJsonObject(value)) throw new Error(`${path}: a default has to be text, number, truth, list or map`);
  const isOpen = Object.keys(value).length === 0 || openMaps.some((end) => isAtEnd(path, end));
  return isOpen ? { type: 'object' } : mapSchema(value, path, descriptions, ignored);
}

function isAtEnd(path: string, end: string): boolean {
  return path === end || path.endsWith(`.${end}`);
}

function listOf(type: string): object {
  return { items: { type } };
}

function folderSchema(): object {
  return { pattern: '^/.*[^/]$' };
}

function portSchema(): object {
  return { minimum: 1, maximum: 65_535 };
}

function valueAt(defaults: object, path: readonly string[]): unknown {
  let at: unknown = defaults;
  for (const key of path) at = isJsonObject(at) ? at[key] : undefined;
  return at;
}

function leafPaths(value: object, prefix = ''): readonly string[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    const isMap = isJsonObject(inner) && Object.keys(inner).length > 0;
    return isMap ? leafPaths(inner, `${path}.`) : [path];
  });
}
