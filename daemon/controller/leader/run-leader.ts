import type { ControllerContext } from '../controller.ts';
import type { LeaderPart } from './leader-part.ts';
import { LeaderView } from './leader-view.ts';

/**
 * Everything that the leader alone does, until the signal is aborted. Each term begins with a view of its own: what a former term
 * knew may be old.
 */
export async function runLeader(context: ControllerContext, signal: AbortSignal): Promise<void> {
  const view = new LeaderView(context);
  const parts: readonly LeaderPart[] = [view];
  await Promise.all(parts.map((part) => part.run(signal)));
}
