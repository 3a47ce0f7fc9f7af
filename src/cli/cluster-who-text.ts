import type { ClusterWhoShape, NodeStateWord, PodNowShape, PodStateWord } from '../wire/cluster-shapes.ts';
import { field } from './allocation-text.ts';
import { type Cell, formatTable, type TextOptions } from './table.ts';
import { whoText } from './who-text.ts';

const podStates: Readonly<Record<PodStateWord, string>> = {
  living: 'exists',
  ending: 'is being deleted',
  finished: 'has finished',
  replaced: 'is gone, another pod has its name',
  gone: 'is gone',
  unknown: 'is not known',
};

const nodeStates: Readonly<Record<NodeStateWord, string>> = {
  ready: 'is ready',
  'not-ready': 'is not ready',
  'out-of-service': 'is out of service',
  gone: 'does not exist any more',
  unknown: 'is not known',
};

/** As {@link whoText}, with what the cluster tells of the address, its pods and their nodes now. */
export function clusterWhoText(who: ClusterWhoShape, nowMs: number, options: TextOptions = {}): string {
  const { reservedBy, excludedBy, pods } = who.cluster;
  const rows: (readonly Cell[])[] = [];
  if (reservedBy.length > 0)
    rows.push(field('reserved', `by ${reservedBy.join(', ')}: it is given to nobody`));
  if (excludedBy.length > 0) rows.push(field('excluded', `by the excludeIPs of ${excludedBy.join(', ')}`));
  for (const pod of pods) rows.push(field('now', podNowText(pod)));
  const more = formatTable([{ title: '' }, { title: '' }], rows, { ...options, header: false });
  return whoText(who, nowMs, options) + more;
}

/** What became of a pod and of its node, in a line. */
export function podNowText({ pod, state, node, nodeState }: PodNowShape): string {
  const subject = pod === '' ? 'its pod' : `pod ${pod}`;
  return `${subject} ${podStates[state]}${node === '' ? '' : `; node ${node} ${nodeStates[nodeState]}`}`;
}
