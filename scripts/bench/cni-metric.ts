/** What containerd has counted of its CNI ADDs since it was started. */
export interface CniAdds {
  readonly count: number;
  readonly seconds: number;
  readonly failures: number;
}

/** containerd 1.6 says the units of its metrics twice. */
const line =
  /^containerd_cri_network_plugin_operations_(duration_seconds(?:_seconds)?_sum|duration_seconds(?:_seconds)?_count|errors_total(?:_total)?)\{operation_type="set_up_pod"\} (\S+)$/gm;

/** Reads the metrics of containerd in Prometheus' text form. Before the first ADD they have none of it. */
export function parseCniAdds(text: string): CniAdds {
  let [count, seconds, failures] = [0, 0, 0];
  for (const [, name = '', value] of text.matchAll(line)) {
    if (name.endsWith('_sum')) seconds = Number(value);
    else if (name.endsWith('_count')) count = Number(value);
    else failures = Number(value);
  }
  return { count, seconds, failures };
}

/** What came in between two readings. */
export function addsBetween(before: CniAdds, after: CniAdds): CniAdds {
  return {
    count: after.count - before.count,
    seconds: after.seconds - before.seconds,
    failures: after.failures - before.failures,
  };
}
