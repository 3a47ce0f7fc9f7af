/** An object of the API server lacks what every object of its kind has. Nothing is decided by such an object. */
export class MalformedObjectError extends Error {
  override readonly name = 'MalformedObjectError';
  readonly code = 'KUBE_MALFORMED_OBJECT';
}
