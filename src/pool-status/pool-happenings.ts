import type { Condition } from '../api/resources.ts';
import { severityOf } from './fill-level.ts';

/** Something about a pool that is worth an event. */
export interface PoolHappening {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/**
 * What has happened to a pool between two of its statuses: it has got fuller, overlaps others, or waits for its addresses to be gone.
 * Each is told once when it begins; what goes on is told by the conditions.
 */
export function happeningsOf(
  before: readonly Condition[],
  now: readonly Condition[],
): readonly PoolHappening[] {
  const happenings: PoolHappening[] = [];
  for (const condition of now) {
    const earlier = before.find(({ type }) => type === condition.type);
    const reason = eventReason(condition, earlier);
    if (reason === undefined) continue;
    const type = condition.type === 'Deleting' ? 'Normal' : 'Warning';
    happenings.push({ type, reason, message: condition.message });
  }
  return happenings;
}

function eventReason(now: Condition, before: Condition | undefined): string | undefined {
  switch (now.type) {
    case 'AlmostFull':
      return severityOf(now.reason) > severityOf(before?.reason ?? '') ? `IPPool${now.reason}` : undefined;
    case 'Overlap':
      return before?.message === now.message ? undefined : 'IPPoolOverlap';
    case 'Deleting':
      return now.reason.startsWith('Waits') && before?.reason !== now.reason ? 'IPPoolWaits' : undefined;
    default:
      return undefined;
  }
}
