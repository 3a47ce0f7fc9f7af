import assert from 'node:assert/strict';
import fc from 'fast-check';
import { chooseAddress } from '../../ipam/choose.ts';
import type { Ledger } from '../ledger.ts';
import { TestClock } from './fixtures.ts';
import type { ContractStore, LedgerHarness } from './harness.ts';
import { LedgerModel } from './model.ts';
import {
  type Action,
  actionArb,
  conditionOf,
  NODES,
  type NodeName,
  type Outcome,
  POOLS,
  releaseNode,
  SUBJECTS,
  Subject,
} from './subjects.ts';

const HISTORIES_DEFAULT = 60;
const STEPS_MAX = 25;
/** After this time no further history begins, and a failed one is not shortened any more. */
const HISTORIES_WITHIN_MS = 30_000;

/** Some subjects act at once, through any handle; handles may crash meanwhile. */
interface Step {
  readonly advanceMs: number;
  readonly actions: readonly Action[];
  /** How many turns of the event loop after the start of the actions a node's handle crashes; none does when undefined. */
  readonly crash?: { readonly node: NodeName; readonly turns: number };
}

const stepArb: fc.Arbitrary<Step> = fc.record(
  {
    advanceMs: fc.oneof(
      { weight: 3, arbitrary: fc.nat(20_000) },
      { weight: 1, arbitrary: fc.integer({ min: -400_000, max: 900_000 }) },
    ),
    actions: fc.uniqueArray(actionArb(), {
      minLength: 1,
      maxLength: SUBJECTS,
      selector: (it) => it.subject,
    }),
    crash: fc.record({ node: fc.constantFrom(...NODES), turns: fc.nat(12) }),
  },
  { requiredKeys: ['advanceMs', 'actions'] },
);

/**
 * Random histories: pods with several NICs and static owners, pools that overlap, two handles on one store, crashes with
 * requests under way, answers that are asked for again, cancelled waits, clocks that jump. After every step the
 * store is read and held against what the answers allow.
 */
export async function historyProperty(harness: LedgerHarness): Promise<void> {
  const endMs = performance.now() + HISTORIES_WITHIN_MS;
  await fc.assert(
    fc.asyncProperty(
      fc.array(stepArb, { minLength: 1, maxLength: STEPS_MAX, size: 'max' }),
      async (steps) => {
        if (performance.now() > endMs) return;
        const store = await harness.createStore();
        try {
          await runHistory(store, steps, harness.isAtomic);
        } finally {
          await store.dispose();
        }
      },
    ),
    { numRuns: harness.histories ?? HISTORIES_DEFAULT },
  );
}

type Handles = Map<string, Ledger>;

async function runHistory(store: ContractStore, steps: readonly Step[], isAtomic: boolean): Promise<void> {
  const clock = new TestClock();
  const handles: Handles = new Map();
  for (const node of NODES) handles.set(node, await store.open(clock, node));
  const subjects = Array.from({ length: SUBJECTS }, (_, i) => new Subject(i));
  const model = new LedgerModel();
  for (const step of steps) {
    clock.advance(step.advanceMs);
    const only = step.actions.length === 1 && step.crash === undefined ? step.actions[0] : undefined;
    const foreseen = only && (await foresee(handles, at(subjects, only.subject), only));
    const running = step.actions.map(async (action) => {
      const subject = at(subjects, action.subject);
      const node = nodeOf(subject, action);
      const outcome = await act(handleOf(handles, node), subject, action, model);
      return { ...outcome, subject, isAtomic, mayBePartial: !isAtomic && step.crash?.node === node };
    });
    if (step.crash !== undefined) {
      for (let turn = 0; turn < step.crash.turns; turn++) await nextTurn();
      await store.crash(handleOf(handles, step.crash.node));
      handles.set(step.crash.node, await store.open(clock, step.crash.node));
    }
    const outcomes = await Promise.all(running);
    const reader = handleOf(handles, at(NODES, clock.ms % NODES.length));
    model.advance(await reader.records({}), outcomes);
    await model.checkTraces(reader, clock.ms);
    model.checkUsage(POOLS, await reader.usage(POOLS));
    if (foreseen !== undefined) assert.equal(foreseen, outcomes[0]?.answer);
  }
}

/** The node whose agent is asked: that of the pod, or any where it makes no difference. */
function nodeOf(subject: Subject, action: Action): string {
  if (action.kind === 'claim') return subject.peek(action).claimant.holder.node;
  if (action.kind === 'confirm') return subject.holder().node;
  return releaseNode(subject, action);
}

function handleOf(handles: Handles, node: string): Ledger {
  const handle = handles.get(node);
  assert.ok(handle);
  return handle;
}

/** What a dry run says that a claim will answer. */
async function foresee(
  handles: Handles,
  subject: Subject,
  action: Action,
): Promise<Outcome['answer'] | undefined> {
  if (action.kind !== 'claim' || action.isCancelled) return undefined;
  const { claimant, wants } = subject.peek(action);
  const preview = await handleOf(handles, claimant.holder.node).preview(claimant, wants, chooseAddress);
  return preview.kind === 'claimable' ? 'claimed' : 'refused';
}

type Seen = DistributiveOmit<Outcome, 'mayBePartial' | 'isAtomic'>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

async function act(ledger: Ledger, subject: Subject, action: Action, model: LedgerModel): Promise<Seen> {
  if (action.kind === 'claim') {
    const { claimant, wants } = subject.next(action);
    const controller = new AbortController();
    const claim = settled(ledger.claim(claimant, wants, chooseAddress, { signal: controller.signal }));
    if (action.isCancelled) controller.abort();
    const outcome = await claim;
    // Whatever a cancelled claim still does ends before the next request of its sandbox begins.
    const { sandbox } = claimant.holder;
    if (outcome === undefined) await settled(ledger.release({ by: 'attachment', sandbox, nic: 'none' }));
    const asked = { kind: 'claim', claimant, wants } as const;
    if (outcome === undefined) return { ...asked, answer: 'unknown' };
    if (outcome.kind === 'refused') return { ...asked, answer: 'refused', refusals: outcome.refusals };
    return { ...asked, answer: 'claimed', records: outcome.addresses.map((it) => it.record) };
  }
  if (action.kind === 'confirm') {
    const holder = subject.newSandbox();
    const answer = await settled(ledger.confirm(holder));
    return { kind: 'confirm', holder, answer: answer === undefined ? 'unknown' : 'done' };
  }
  const condition = conditionOf(subject, action, model.recordsOf(subject.name));
  if (condition === undefined) return { kind: 'none', answer: 'done' };
  const freed = await settled(ledger.release(condition));
  if (freed === undefined) return { kind: 'release', condition, answer: 'unknown' };
  return { kind: 'release', condition, answer: 'done', freed };
}

/** The answer, or undefined when the caller can't know what became of the request. */
async function settled<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'AbortError' || name === 'LedgerError') return undefined;
    throw error;
  }
}

function at<T>(list: readonly T[], index: number): T {
  const item = list[index];
  assert.ok(item !== undefined);
  return item;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
