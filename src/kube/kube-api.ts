/** How a request changes an object (Kubernetes API conventions, "Patch operations"). */
export type PatchType = 'json' | 'merge';

/** One request to the API server. */
export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with its segments encoded, such as `/api/v1/namespaces/default/pods/a`; see resource-path.ts. */
  readonly path: string;
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Of a PATCH. @default 'merge' */
  readonly patchType?: PatchType;
  /** `metadata`: the answer is a PartialObjectMetadata, or a list of them. @default 'whole' */
  readonly view?: 'whole' | 'metadata';
  /** Ends the wait. What was sent may still be done. */
  readonly signal?: AbortSignal;
  /** Time for one try, from its start to the end of its answer. @default 10_000 */
  readonly tryTimeoutMs?: number;
  /**
   * How long tries are repeated that may be: any request that was not sent or was refused before it was looked at (429, connection
   * refused), and a GET after every passing failure (5xx, cut connection, time-out). @default 15_000
   */
  readonly retryForMs?: number;
}

/** What is known of a request that failed. */
export type RequestFate =
  /** The API server refused it: nothing was changed. */
  | 'refused'
  /** It never reached the API server. */
  | 'not-sent'
  /** It may have been done, or be done within the next half minute: 5xx, a time-out, a cut connection. */
  | 'unknown';

/** A request to the API server failed. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** `reason` of the API server's Status object, such as `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`; empty without one. */
  readonly reason: string;
  readonly fate: RequestFate;
  /** What the API server asked to wait (Retry-After), in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    details: {
      readonly status: number;
      readonly reason?: string;
      readonly fate: RequestFate;
      readonly retryAfterMs?: number;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.status = details.status;
    this.reason = details.reason ?? '';
    this.fate = details.fate;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** One line of a watch. `object` is not checked. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: unknown;
}

/** The API server as this project talks to it: JSON over kept-alive connections. */
export interface KubeApi extends AsyncDisposable {
  /**
   * @returns the parsed answer, which nobody has checked
   * @throws KubeError, or the signal's reason when it is aborted
   */
  request(request: KubeRequest): Promise<unknown>;

  /**
   * Opens a watch, which ends when the API server ends it. `query` needs no `watch`.
   *
   * @throws KubeError when it can't be opened, breaks off or is silent for too long; the signal's reason when it is aborted
   */
  watch(
    request: Pick<KubeRequest, 'path' | 'query' | 'view'> & { readonly signal: AbortSignal },
  ): AsyncIterable<WatchEvent>;
}
