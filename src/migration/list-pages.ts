import type { KubeApi } from '../kube/kube-api.ts';
import { continueOf, itemsOf } from '../kube/list-objects.ts';

export interface ListPagesOptions {
  /** Of a collection. */
  readonly path: string;
  /** Objects in a page. */
  readonly limit: number;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** @default 'whole' */
  readonly view?: 'whole' | 'metadata';
  readonly signal: AbortSignal;
}

/**
 * The objects of one state of a collection, a page at a time.
 *
 * @throws KubeError, with status 410 when the state is too old to go on with; the signal's reason
 */
export async function* listPages(
  api: KubeApi,
  { path, limit, labelSelector, fieldSelector, view = 'whole', signal }: ListPagesOptions,
): AsyncGenerator<readonly unknown[], void, undefined> {
  let token: string | undefined;
  do {
    const query = { limit, continue: token, labelSelector, fieldSelector };
    const page = await api.request({ method: 'GET', path, query, view, signal });
    yield itemsOf(page);
    token = continueOf(page);
  } while (token !== undefined);
}
