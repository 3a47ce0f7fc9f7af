import { quote } from '../../src/api/quote.ts';
import { parseSource } from '../../src/api/source-documents.ts';
import { isJsonObject, type JsonObject } from '../../src/cni/field-reader.ts';
import { CtlError } from './ctl-error.ts';
import { nameOfFile, readTextFile } from './read-text-file.ts';

/** Namespace of what names none, as for kubectl without a context. */
const namespaceDefault = 'default';

/**
 * Reads a manifest of a pod or of a workload that makes pods.
 *
 * @param path `-` is stdin
 * @returns the first pod of it, see {@link podOfManifest}
 * @throws {CtlError} `CTL_USAGE` when the file can't be read or has none, `CTL_INTERRUPTED`
 */
export async function readPodManifest(
  path: string,
  input: { readonly stdin: NodeJS.ReadableStream; readonly signal: AbortSignal },
): Promise<JsonObject> {
  const unusable = (why: string): CtlError =>
    new CtlError('CTL_USAGE', `can't use the manifest ${nameOfFile(path)}: ${why}`);
  const outcome = parseSource(await readTextFile(path, 'the manifest', input));
  if (!outcome.ok) throw unusable(`line ${outcome.line}: ${outcome.message}`);
  const kinds: string[] = [];
  for (const { value } of outcome.documents) {
    if (!isJsonObject(value)) continue;
    const pod = podOfManifest(value);
    if (pod !== undefined) return pod;
    kinds.push(quote(value['kind']));
  }
  throw unusable(
    `it has no Pod, and nothing with a template of one (it has: ${kinds.join(', ') || 'no objects'})`,
  );
}

/**
 * The pod that a manifest is or would make, in the form of the API server: of a workload its template, named as its first pod would be
 * and with the workload as its controller. Undefined when it makes none. Pure.
 */
export function podOfManifest(object: JsonObject): JsonObject | undefined {
  const { kind, spec } = object;
  const metadata = fieldsOf(object['metadata']);
  const namespace = textOf(metadata['namespace']) ?? namespaceDefault;
  const name = textOf(metadata['name']) ?? textOf(metadata['generateName']) ?? 'unnamed';
  if (kind === 'Pod') return podObject({ metadata, spec, namespace, name });
  const template = templateOf(fieldsOf(spec));
  if (template === undefined) return undefined;
  const controller = {
    apiVersion: textOf(object['apiVersion']) ?? '',
    kind: textOf(kind) ?? '',
    name,
    uid: '',
    controller: true,
  };
  return podObject({
    metadata: { ...fieldsOf(template['metadata']), ownerReferences: [controller] },
    spec: template['spec'],
    namespace,
    name: kind === 'StatefulSet' ? `${name}-${firstOrdinal(fieldsOf(spec))}` : name,
  });
}

function podObject({
  metadata,
  spec,
  namespace,
  name,
}: {
  readonly metadata: JsonObject;
  readonly spec: unknown;
  readonly namespace: string;
  readonly name: string;
}): JsonObject {
  // An object of the API server has both texts; what does not exist yet has neither.
  return { metadata: { ...metadata, namespace, name, uid: '', resourceVersion: '' }, spec };
}

/** Of a CronJob the template of its jobs. */
function templateOf(spec: JsonObject): JsonObject | undefined {
  const job = isJsonObject(spec['jobTemplate']) ? fieldsOf(spec['jobTemplate']['spec']) : spec;
  const template = fieldsOf(job['template']);
  return isJsonObject(template['spec']) ? template : undefined;
}

function firstOrdinal(spec: JsonObject): number {
  const { start } = fieldsOf(spec['ordinals']);
  return typeof start === 'number' ? start : 0;
}

function fieldsOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
