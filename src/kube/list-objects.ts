type RawObject = Readonly<Record<string, unknown>>;

/** Key of an object among those of its kind: `namespace/name`, or `name` for what has no namespace; empty for what is no object. */
export function objectKey(object: unknown): string {
  const { namespace, name } = metadataOf(object);
  if (typeof name !== 'string') return '';
  return typeof namespace === 'string' && namespace !== '' ? `${namespace}/${name}` : name;
}

/** `metadata.resourceVersion` of an object or a list; undefined without one. */
export function resourceVersionOf(object: unknown): string | undefined {
  return textOf(metadataOf(object)['resourceVersion']);
}

/** Where a list in pages goes on; undefined on its last page. */
export function continueOf(list: unknown): string | undefined {
  return textOf(metadataOf(list)['continue']);
}

/**
 * The objects of a list.
 *
 * @throws Error when it is none
 */
export function itemsOf(list: unknown): readonly unknown[] {
  const items = isObject(list) ? list['items'] : undefined;
  // Go writes an empty list as null.
  if (items === null) return [];
  if (!Array.isArray(items)) throw new Error('the answer is not a list');
  return items;
}

function metadataOf(object: unknown): RawObject {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  return isObject(metadata) ? metadata : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
