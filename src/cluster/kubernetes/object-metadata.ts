import { isObject } from '../../api/decode.ts';
import { quote } from '../../api/quote.ts';
import type { Labels } from '../../ipam/facts.ts';
import { MalformedObjectError } from './malformed-object.ts';

/** What is read of `metadata` (Kubernetes' ObjectMeta), which every object of the API server has. */
export interface ObjectMetadata {
  readonly name: string;
  /** Empty for an object of the whole cluster. */
  readonly namespace: string;
  readonly uid: string;
  /** Changes with every write, those of the status included. */
  readonly resourceVersion: string;
  /** Changes with the spec; undefined where the API server does not count it. */
  readonly generation: number | undefined;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** True once its deletion was asked for. */
  readonly deleting: boolean;
  /** The owner that manages it, if there is one. */
  readonly controller?: ControllerReference;
}

/** The owner of an object that manages it (`metadata.ownerReferences` with `controller: true`). */
export interface ControllerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * Reads `metadata` of an object, whole or as PartialObjectMetadata.
 *
 * @throws MalformedObjectError when it is no object of an API server
 */
export function parseMetadata(object: unknown): ObjectMetadata {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  if (!isObject(metadata)) throw new MalformedObjectError('an object has no metadata');
  const name = textOf(metadata, 'name');
  const { generation, ownerReferences } = metadata;
  const controller = controllerOf(ownerReferences);
  return {
    name,
    namespace: metadata['namespace'] === undefined ? '' : textOf(metadata, 'namespace'),
    uid: textOf(metadata, 'uid'),
    resourceVersion: textOf(metadata, 'resourceVersion'),
    generation: typeof generation === 'number' ? generation : undefined,
    labels: textsOf(metadata, 'labels'),
    annotations: textsOf(metadata, 'annotations'),
    deleting: typeof metadata['deletionTimestamp'] === 'string',
    ...(controller && { controller }),
  };
}

function controllerOf(references: unknown): ControllerReference | undefined {
  if (!Array.isArray(references)) return undefined;
  const controller: unknown = references.find(
    (reference: unknown) => isObject(reference) && reference['controller'] === true,
  );
  if (!isObject(controller)) return undefined;
  return {
    apiVersion: textOf(controller, 'apiVersion'),
    kind: textOf(controller, 'kind'),
    name: textOf(controller, 'name'),
    uid: textOf(controller, 'uid'),
  };
}

function textOf(object: Readonly<Record<string, unknown>>, key: string): string {
  const value = object[key];
  if (typeof value === 'string') return value;
  throw new MalformedObjectError(`${key} of an object is ${quote(value)}`);
}

function textsOf(object: Readonly<Record<string, unknown>>, key: string): Labels {
  const value = object[key] ?? {};
  if (!isObject(value)) throw new MalformedObjectError(`${key} of an object are ${quote(value)}`);
  const texts: Record<string, string> = {};
  for (const name of Object.keys(value)) texts[name] = textOf(value, name);
  return texts;
}
