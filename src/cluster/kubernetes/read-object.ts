import { CniCode, CniError } from '../../cni/error.ts';
import { type KubeApi, KubeError } from '../../kube/kube-api.ts';
import { MalformedObjectError } from './malformed-object.ts';

/** What is read, and how long it is waited for. */
export interface ReadObjectOptions {
  /** The object as messages name it, such as `pod default/a`. */
  readonly what: string;
  /** @default 'whole' */
  readonly view?: 'whole' | 'metadata';
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads one object by a quorum read.
 *
 * @returns what `parse` makes of it, or undefined when the API server says that it does not exist
 * @throws CniError with code 11 when it can't be read now; the signal's reason
 */
export async function readObject<T>(
  api: KubeApi,
  path: string,
  parse: (object: unknown) => T,
  { what, view = 'whole', signal }: ReadObjectOptions,
): Promise<T | undefined> {
  try {
    return parse(await api.request({ method: 'GET', path, view, ...(signal && { signal }) }));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw notReadable(what, error);
  }
}

/**
 * Whether the API server itself says that there is no such object. A bare 404 is another matter: a proxy on the way gives it
 * too, and nothing may be freed by its word.
 */
export function isNotFound(error: unknown): boolean {
  return error instanceof KubeError && error.status === 404 && error.reason === 'NotFound';
}

/** The error that a runtime gets when something can't be read now; other errors than those of reading stay as they are. */
export function notReadable(what: string, error: unknown): unknown {
  if (!(error instanceof KubeError || error instanceof MalformedObjectError)) return error;
  return new CniError(CniCode.tryAgainLater, `${what} can't be read from the API server: ${error.message}`, {
    cause: error,
  });
}
