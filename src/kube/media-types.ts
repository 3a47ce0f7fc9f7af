import type { KubeRequest } from './kube-api.ts';

const json = 'application/json';

/** `Content-Type` of a request with a body. */
export function contentType({ method, patchType }: Pick<KubeRequest, 'method' | 'patchType'>): string {
  if (method !== 'PATCH') return json;
  return patchType === 'json' ? 'application/json-patch+json' : 'application/merge-patch+json';
}

/**
 * `Accept` of a request. An API server that can't give the metadata alone gives whole objects (Kubernetes API concepts, "Metadata-only
 * fetches").
 */
export function acceptedType(
  request: Pick<KubeRequest, 'method' | 'path' | 'view'>,
  isWatch: boolean,
): string {
  if (request.view !== 'metadata') return json;
  const isList = !isWatch && request.method === 'GET' && isCollection(request.path);
  return `${json};as=PartialObjectMetadata${isList ? 'List' : ''};g=meta.k8s.io;v=v1,${json}`;
}

/** Whether a path is of a collection, not of one object: the API server refuses the wrong kind of metadata. */
function isCollection(path: string): boolean {
  const [root, ...rest] = path.split('/').filter((segment) => segment !== '');
  const segments = rest.slice(root === 'api' ? 1 : 2);
  return segments.length === 1 || (segments.length === 3 && segments[0] === 'namespaces');
}
