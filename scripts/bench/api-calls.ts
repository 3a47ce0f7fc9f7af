/** What an API server did for some resources, by its own counters. */
export interface ApiCalls {
  /** GET and LIST. */
  readonly reads: number;
  /** POST, PUT, PATCH and DELETE, refused ones too. */
  readonly writes: number;
  /** Bodies of requests and answers, watches left out. */
  readonly bytes: number;
}

const readVerbs = new Set(['GET', 'LIST']);
const writeVerbs = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const byteCounters = new Set(['apiserver_response_sizes_sum', 'apiserver_request_body_size_bytes_sum']);

/**
 * Reads the counters of some resources from the text of an API server's `/metrics`
 * (https://kubernetes.io/docs/reference/instrumentation/metrics/). Pure.
 *
 * @param resources plural names
 */
export function countApiCalls(metrics: string, resources: readonly string[]): ApiCalls {
  const total = { reads: 0, writes: 0, bytes: 0 };
  for (const [, name = '', labels = '', value] of metrics.matchAll(/^(apiserver_\w+)\{([^}]*)\} (\S+)$/gm)) {
    if (!resources.includes(labelOf(labels, 'resource'))) continue;
    const verb = labelOf(labels, 'verb').toUpperCase();
    const isRead = readVerbs.has(verb);
    if (!isRead && !writeVerbs.has(verb)) continue;
    if (name === 'apiserver_request_total') total[isRead ? 'reads' : 'writes'] += Number(value);
    if (byteCounters.has(name)) total.bytes += Number(value);
  }
  return total;
}

/** What was done between two readings. */
export function callsBetween(before: ApiCalls, after: ApiCalls): ApiCalls {
  return {
    reads: after.reads - before.reads,
    writes: after.writes - before.writes,
    bytes: after.bytes - before.bytes,
  };
}

function labelOf(labels: string, name: string): string {
  return new RegExp(`(?:^|,)${name}="([^"]*)"`).exec(labels)?.[1] ?? '';
}
