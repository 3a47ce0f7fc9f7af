/** Requests of one kind that the API server has answered. */
export interface RequestCount {
  /** As in the metric: GET, LIST, WATCH, POST, PUT, PATCH, DELETE … */
  readonly verb: string;
  readonly group: string;
  /** Lower-case plural; empty for what is no resource. */
  readonly resource: string;
  readonly subresource: string;
  /** HTTP status. */
  readonly code: number;
  readonly count: number;
}

/** Reads `apiserver_request_total` out of the API server's metrics (Prometheus text format). */
export function parseRequestCounts(text: string): readonly RequestCount[] {
  return [...text.matchAll(/^apiserver_request_total\{([^}]*)\} (\S+)$/gm)].map(([, list = '', count]) => {
    const labels = new Map([...list.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    return {
      verb: labels.get('verb') ?? '',
      group: labels.get('group') ?? '',
      resource: labels.get('resource') ?? '',
      subresource: labels.get('subresource') ?? '',
      code: Number(labels.get('code')),
      count: Number(count),
    };
  });
}
