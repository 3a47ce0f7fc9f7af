/** An answer that the API server might have given. */
export interface StatusFault {
  /** HTTP status. */
  readonly status: number;
  /** Becomes JSON; a string goes out as it is. @default the API server's Status object for this HTTP status */
  readonly body?: unknown;
  /** Such as `{ 'Retry-After': '1' }`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** `reason` in the API server's Status object (Kubernetes API conventions, "Response Status Kind"). */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** @returns what goes over the wire for a fault */
export function statusAnswer({ status, body, headers = {} }: StatusFault): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: string;
} {
  const shown = body ?? {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `a test asked for status ${status}`,
    reason: reasons[status] ?? '',
    code: status,
  };
  const content = typeof shown === 'string' ? shown : JSON.stringify(shown);
  return { status, headers: { 'content-type': 'application/json', ...headers }, content };
}
