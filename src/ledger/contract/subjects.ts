import fc from 'fast-check';
import type { Want } from '../../ipam/want.ts';
import type { Claimant, ReleaseCondition, WantRefusal } from '../ledger.ts';
import type { AllocationRecord, Holder, StaticOwner } from '../record.ts';
import { poolOf } from './fixtures.ts';

/** Pods and owners of a history; those from FIRST_STATIC on are static. */
export const SUBJECTS = 6;
const FIRST_STATIC = 4;

/** Small enough to run out; v4 pools overlap, one has no delay. */
export const POOLS = [
  poolOf('low', ['10.0.0.1-10.0.0.5']),
  poolOf('high', ['10.0.0.4-10.0.0.8'], 0),
  poolOf('six', ['fd00::1-fd00::6']),
];

const NICS = ['eth0', 'net1'] as const;

/** The nodes of a history, each with a handle of its own. */
export const NODES = ['node-1', 'node-2'] as const;
export type NodeName = (typeof NODES)[number];

interface Place {
  readonly subject: number;
  readonly node: NodeName;
}

/** What one subject does in a step; `node` is where its next pod starts, or whose handle is used where any will do. */
export type Action = Place & (ClaimAction | ReleaseAction | { readonly kind: 'confirm' });

interface ClaimAction {
  readonly kind: 'claim';
  /** Whether it is asked again, by a new sandbox of the pod, or by a new pod of that name. */
  readonly renew: 'none' | 'sandbox' | 'pod';
  readonly wants: readonly {
    readonly nic: (typeof NICS)[number];
    readonly pools: readonly number[];
    readonly requested?: number;
  }[];
  readonly takeover: 'move' | 'share';
  readonly isCancelled: boolean;
}

interface ReleaseAction {
  readonly kind: 'release';
  readonly by: ReleaseCondition['by'];
  readonly nic: (typeof NICS)[number];
  /** How many sandboxes ago. */
  readonly sandboxesBack: number;
  readonly uid: 'own' | 'none' | 'wrong';
  /** Which of the subject's records, and whether it was read before it changed. */
  readonly pick: number;
  readonly isStale: boolean;
  readonly suspect: boolean;
}

/** What came of an action, as far as its caller can tell. */
export type Outcome = {
  /** Whether only a part of it may have been done: the handle crashed, and its store does not do several addresses as a whole. */
  readonly mayBePartial: boolean;
  /** Whether the store does several addresses as a whole. */
  readonly isAtomic: boolean;
} & (
  | {
      readonly kind: 'claim';
      readonly claimant: Claimant;
      readonly wants: readonly Want[];
      readonly answer: 'claimed' | 'refused' | 'unknown';
      readonly records?: readonly AllocationRecord[];
      readonly refusals?: readonly WantRefusal[];
    }
  | { readonly kind: 'confirm'; readonly holder: Holder; readonly answer: 'done' | 'unknown' }
  | {
      readonly kind: 'release';
      readonly condition: ReleaseCondition;
      readonly answer: 'done' | 'unknown';
      readonly freed?: readonly AllocationRecord[];
    }
  | { readonly kind: 'none'; readonly answer: 'done' }
);

const v4Wants = fc.record(
  {
    nic: fc.constantFrom(...NICS),
    pools: fc.shuffledSubarray([0, 1], { minLength: 1 }),
    requested: fc.integer({ min: 1, max: 9 }),
  },
  { requiredKeys: ['nic', 'pools'] },
);
const v6Wants = fc.record({ nic: fc.constantFrom(...NICS), pools: fc.constant([2]) });

/** A random action. */
export function actionArb(): fc.Arbitrary<Action> {
  const place = { subject: fc.nat(SUBJECTS - 1), node: fc.constantFrom(...NODES) };
  const claim = fc.record({
    ...place,
    kind: fc.constant('claim' as const),
    renew: fc.constantFrom('none', 'none', 'sandbox', 'pod'),
    wants: fc.array(fc.oneof(v4Wants, v6Wants), { minLength: 1, maxLength: 4 }),
    takeover: fc.constantFrom('move', 'share'),
    isCancelled: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });
  const release = fc.record({
    ...place,
    kind: fc.constant('release' as const),
    by: fc.constantFrom('attachment', 'attachment', 'record', 'holder', 'owner'),
    nic: fc.constantFrom(...NICS),
    sandboxesBack: fc.constantFrom(0, 0, 0, 1, 2),
    uid: fc.constantFrom('own', 'own', 'none', 'wrong'),
    pick: fc.nat(7),
    isStale: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
    suspect: fc.boolean(),
  });
  const confirm = fc.record({ ...place, kind: fc.constant('confirm' as const) });
  return fc.oneof(
    { weight: 6, arbitrary: claim },
    { weight: 5, arbitrary: release },
    { weight: 1, arbitrary: confirm },
  );
}

/** A pod name over time, with its uids and sandboxes; a static one is also the name of its owner. */
export class Subject {
  readonly name: string;
  readonly owner: StaticOwner | undefined;
  /** Every holder that it has been, the present one last. */
  readonly #past: Holder[];

  constructor(index: number) {
    this.name = `pod-${index}`;
    this.owner =
      index >= FIRST_STATIC ? { kind: 'StatefulSet', namespace: 'default', name: this.name } : undefined;
    this.#past = [this.#holder(1, 1, 'node-1')];
  }

  /** The holder of so many sandboxes ago. */
  holder(back = 0): Holder {
    const holder = this.#past[Math.max(0, this.#past.length - 1 - back)];
    if (holder === undefined) throw new Error('a subject has a holder from the beginning');
    return holder;
  }

  /** What a claim would ask. */
  peek(action: ClaimAction & Place): { claimant: Claimant; wants: Want[] } {
    return this.#request(action, this.#renewed(action.renew, action.node));
  }

  /** What a claim asks; the pod or sandbox is the present one from now on. */
  next(action: ClaimAction & Place): { claimant: Claimant; wants: Want[] } {
    const holder = this.#renewed(action.renew, action.node);
    if (action.renew !== 'none') this.#past.push(holder);
    return this.#request(action, holder);
  }

  newSandbox(): Holder {
    const holder = this.#renewed('sandbox', 'node-1');
    this.#past.push(holder);
    return holder;
  }

  /** A sandbox is made again on the pod's node; the next pod may start on another. */
  #renewed(renew: ClaimAction['renew'], nextNode: NodeName): Holder {
    const current = this.holder();
    if (renew === 'none') return current;
    const isNext = renew === 'pod';
    const generation = Number(current.uid.split('/')[1]) + (isNext ? 1 : 0);
    return this.#holder(generation, this.#past.length + 1, isNext ? nextNode : current.node);
  }

  #holder(generation: number, sandbox: number, node: string): Holder {
    return {
      uid: `${this.name}/${generation}`,
      sandbox: `${this.name}/sandbox-${sandbox}`,
      node,
      pod: { namespace: 'default', name: this.name },
    };
  }

  #request(action: ClaimAction, holder: Holder): { claimant: Claimant; wants: Want[] } {
    const wants = action.wants.map(({ nic, pools, requested }): Want => {
      const chosen = pools.flatMap((index) => POOLS[index] ?? []);
      const family = chosen[0]?.family ?? 4;
      return {
        nic,
        family,
        pools: chosen,
        ...(requested !== undefined && { requested: 0x0a000000 + requested }),
      };
    });
    const owner = this.owner && { ...this.owner, takeover: action.takeover };
    return { claimant: { holder, network: 'net', ...(owner && { owner }) }, wants };
  }
}

/** The node on whose handle a release is asked for: a DEL comes to where the sandbox is. */
export function releaseNode(subject: Subject, action: ReleaseAction & Place): string {
  return action.by === 'attachment' ? subject.holder(action.sandboxesBack).node : action.node;
}

/** The condition of a release by a subject that has these records; undefined when there is nothing to name. */
export function conditionOf(
  subject: Subject,
  action: ReleaseAction,
  records: readonly AllocationRecord[],
): ReleaseCondition | undefined {
  const { by, nic, suspect } = action;
  const holder = subject.holder(action.sandboxesBack);
  if (by === 'attachment') {
    const uid = action.uid === 'own' ? holder.uid : 'nobody';
    return { by, sandbox: holder.sandbox, nic, ...(action.uid !== 'none' && { uid }) };
  }
  if (by === 'owner') return subject.owner && { by, owner: subject.owner, nic };
  const current = records[action.pick % Math.max(1, records.length)];
  if (current === undefined) return undefined;
  const record = action.isStale ? { ...current, sinceMs: current.sinceMs - 1 } : current;
  if (by === 'record') return { by, record, suspect };
  return { by, record, holder: current.holders.at(-1) ?? holder, suspect };
}
