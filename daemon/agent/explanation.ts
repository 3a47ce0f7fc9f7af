import type { RequestFacts } from '../../src/cluster/cluster.ts';
import type { AddPlan } from '../../src/ipam/add-plan.ts';
import { chooseAddress } from '../../src/ipam/choose.ts';
import type { ClusterFacts } from '../../src/ipam/facts.ts';
import { wantsOf } from '../../src/ipam/plan.ts';
import type { Ledger, PoolUsage, PreviewOutcome } from '../../src/ledger/ledger.ts';
import type { AddRequest } from './attachment.ts';
import { claimError } from './claim-error.ts';
import { claimantOf } from './claimant.ts';
import { movesWithPools } from './standing-addresses.ts';

/** A dry run: the plan, and what the ledger would have answered. */
export interface Explanation {
  readonly plan: AddPlan;
  readonly facts: ClusterFacts;
  readonly preview?: PreviewOutcome;
  /** Accepted pools that have neither a free nor a resting address. */
  readonly exhausted?: ReadonlySet<string>;
  readonly error?: unknown;
}

/** What an explanation is made of. */
export interface ExplanationParts {
  readonly facts: RequestFacts;
  readonly plan: AddPlan;
  /** The node that the pod is on. */
  readonly nodeName: string;
  readonly ledger: Pick<Ledger, 'preview' | 'usage'>;
}

/**
 * What the ledger would answer to an ADD with this plan. Writes nothing.
 *
 * @throws LedgerError when the ledger can't be read now
 */
export async function explainPlan(
  request: AddRequest,
  { facts, plan, nodeName, ledger }: ExplanationParts,
): Promise<Explanation> {
  if (plan.problem !== undefined) return { plan, facts, error: plan.problem };
  const wants = wantsOf(plan, { keepsByPool: movesWithPools(facts) });
  const preview = await ledger.preview(claimantOf(request, facts, nodeName), wants, chooseAddress);
  const usages = await ledger.usage(wants.flatMap(({ pools }) => pools));
  const exhausted = new Set(usages.filter(isExhausted).map(({ pool }) => pool));
  const refusal = preview.kind === 'refused' ? preview.refusals.at(0) : undefined;
  const error = refusal && claimError(refusal, plan, facts.catalog);
  return { plan, facts, preview, exhausted, ...(error && { error }) };
}

function isExhausted({ free, cooling, suspect }: PoolUsage): boolean {
  return free === 0n && cooling === 0 && suspect === 0;
}
