import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { NodeView } from '../cluster/kubernetes/node-view.ts';
import type { PodLife } from '../cluster/kubernetes/pod-life.ts';
import type { Holder, StaticOwner } from '../ledger/record.ts';
import { type CollectionRules, findingOf, type HolderFinding } from './holder-finding.ts';

const rules: CollectionRules = {
  enableStatefulSet: true,
  enableKubevirtStaticIP: true,
  onReadyNodes: true,
  onNotReadyNodes: true,
  runningWithoutAddress: false,
  additionalGraceMs: 0,
  goneMs: 45_000,
  withoutAddressMs: 60_000,
};
const holder: Holder = {
  uid: 'uid-1',
  sandbox: 'sandbox',
  node: 'node',
  pod: { namespace: 'default', name: 'db-0' },
};
const pod: PodLife = {
  namespace: 'default',
  name: 'db-0',
  uid: 'uid-1',
  nodeName: 'node',
  deleting: false,
  phase: 'Running',
  restartPolicy: 'Always',
  hasAddress: true,
  usesHostNetwork: false,
};
const ready: NodeView = { name: 'node', uid: 'n', deleting: false, isReady: true, isOutOfService: false };
const notReady: NodeView = { ...ready, isReady: false };
const shutDown: NodeView = { ...notReady, isOutOfService: true };
const owner: StaticOwner = { kind: 'StatefulSet', namespace: 'default', name: 'db-0' };
const ofSet = { controller: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 's' } };
const ending = { deleting: true, deletionGraceSeconds: 30 };

interface Case {
  readonly name: string;
  readonly pod?: Partial<PodLife> | 'none';
  readonly node?: NodeView | 'none';
  readonly holder?: Partial<Holder>;
  readonly owner?: StaticOwner;
  readonly rules?: Partial<CollectionRules>;
  readonly finds: HolderFinding | undefined;
}

const gone: HolderFinding = { reason: 'pod-gone', waitMs: 45_000, suspect: true };
const finished: HolderFinding = { reason: 'pod-finished', waitMs: 45_000, suspect: true };
const pastGrace: HolderFinding = { reason: 'pod-ending', waitMs: 75_000, suspect: true };
const silent: HolderFinding = { reason: 'node-silent', waitMs: 45_000, suspect: true };
const nodeGone: HolderFinding = { reason: 'node-gone', waitMs: 45_000, suspect: true };

const cases: readonly Case[] = [
  // No pod of the name.
  { name: 'a pod that is not there', pod: 'none', finds: gone },
  { name: 'a pod that is not there on a node that is not Ready', pod: 'none', node: notReady, finds: gone },
  { name: 'a pod that is not there on a node that is not there', pod: 'none', node: 'none', finds: gone },
  { name: 'a static pod that is not there: its record only loses it', pod: 'none', owner, finds: gone },
  { name: 'an imported holder without a pod', pod: 'none', holder: { uid: '', sandbox: '' }, finds: gone },
  {
    name: 'a pod that is not there on a node that is shut down for certain',
    pod: 'none',
    node: shutDown,
    finds: { reason: 'pod-gone', waitMs: 0, suspect: false },
  },
  {
    name: 'a pod that is not there on a node that came back with the taint still on it',
    pod: 'none',
    node: { ...shutDown, isReady: true },
    finds: gone,
  },
  {
    name: 'a pod that is not there, with switches that are about pods that are',
    pod: 'none',
    rules: { onReadyNodes: false, onNotReadyNodes: false },
    finds: gone,
  },
  // Another pod of the name.
  { name: 'a pod that was made again under its name', pod: { uid: 'uid-2' }, finds: gone },
  { name: 'a static pod that was made again', pod: { uid: 'uid-2', ...ofSet }, owner, finds: gone },
  {
    name: 'an imported holder whose name has a pod',
    pod: { uid: 'uid-2' },
    holder: { uid: '' },
    finds: undefined,
  },
  {
    name: 'a static pod of a node under its hash',
    pod: { configHash: 'h' },
    holder: { uid: 'h' },
    finds: undefined,
  },
  // The pod lives.
  { name: 'a running pod', finds: undefined },
  { name: 'a running pod on a node that is not Ready', node: notReady, finds: undefined },
  { name: 'a running pod on a node that is not there', node: 'none', finds: undefined },
  { name: 'a running pod on a node that is shut down', node: shutDown, finds: undefined },
  { name: 'a pending pod', pod: { phase: 'Pending', hasAddress: false }, finds: undefined },
  { name: 'a pod of unknown phase', pod: { phase: 'Unknown', hasAddress: false }, finds: undefined },
  { name: 'a pod whose pool is gone', finds: undefined },
  // Finished.
  { name: 'a finished Job', pod: { phase: 'Succeeded', restartPolicy: 'Never' }, finds: finished },
  { name: 'a failed Job', pod: { phase: 'Failed', restartPolicy: 'Never' }, finds: finished },
  { name: 'an evicted pod', pod: { phase: 'Failed', reason: 'Evicted' }, finds: finished },
  {
    name: 'a pod that ended with its node',
    pod: { phase: 'Failed', reason: 'NodeShutdown' },
    finds: finished,
  },
  { name: 'a finished pod that is being deleted', pod: { phase: 'Failed', ...ending }, finds: finished },
  {
    name: 'a finished static pod: its record only loses it',
    pod: { phase: 'Failed', ...ofSet },
    owner,
    finds: finished,
  },
  {
    name: 'a finished mirror of a pod that the kubelet starts again',
    pod: { phase: 'Failed', configHash: 'h' },
    finds: undefined,
  },
  {
    name: 'a finished pod on a Ready node, switched off',
    pod: { phase: 'Succeeded', restartPolicy: 'Never' },
    rules: { onReadyNodes: false },
    finds: undefined,
  },
  {
    name: 'a finished pod on a node that is not Ready, switched off',
    pod: { phase: 'Succeeded', restartPolicy: 'Never' },
    node: notReady,
    rules: { onNotReadyNodes: false },
    finds: undefined,
  },
  // Ending.
  { name: 'an ending pod on a Ready node', pod: ending, finds: pastGrace },
  { name: 'an ending pod on a node that is not Ready', pod: ending, node: notReady, finds: pastGrace },
  { name: 'an ending pod without an address', pod: { ...ending, hasAddress: false }, finds: pastGrace },
  {
    name: 'an ending pod on a Ready node, switched off',
    pod: ending,
    rules: { onReadyNodes: false },
    finds: undefined,
  },
  {
    name: 'an ending pod on a node that is not Ready, switched off for Ready ones',
    pod: ending,
    node: notReady,
    rules: { onReadyNodes: false },
    finds: pastGrace,
  },
  {
    name: 'an ending pod on a node that is not there, switched off for nodes that are not Ready',
    pod: ending,
    node: 'none',
    rules: { onNotReadyNodes: false },
    finds: undefined,
  },
  { name: 'an ending static pod', pod: { ...ending, ...ofSet }, owner, finds: undefined },
  {
    name: 'an ending static pod without an address',
    pod: { ...ending, ...ofSet, hasAddress: false },
    finds: undefined,
  },
  {
    name: 'an ending pod of a set where sets are not static',
    pod: { ...ending, ...ofSet },
    rules: { enableStatefulSet: false },
    finds: pastGrace,
  },
  {
    name: 'an ending pod on a node that is shut down for certain',
    pod: ending,
    node: shutDown,
    finds: { reason: 'pod-ending', waitMs: 0, suspect: false },
  },
  { name: 'a mirror that is being deleted', pod: { ...ending, configHash: 'h' }, finds: undefined },
  // Running without an address.
  { name: 'a running pod without an address', pod: { hasAddress: false }, finds: undefined },
  {
    name: 'a running pod without an address, switched on',
    pod: { hasAddress: false },
    rules: { runningWithoutAddress: true },
    finds: { reason: 'pod-without-address', waitMs: 60_000, suspect: true },
  },
  {
    name: 'a running static pod without an address, switched on',
    pod: { hasAddress: false, ...ofSet },
    rules: { runningWithoutAddress: true },
    finds: undefined,
  },
  {
    name: 'a running pod on its node’s network, switched on',
    pod: { hasAddress: false, usesHostNetwork: true },
    rules: { runningWithoutAddress: true },
    finds: undefined,
  },
  {
    name: 'a pending pod without an address, switched on',
    pod: { hasAddress: false, phase: 'Pending' },
    rules: { runningWithoutAddress: true },
    finds: undefined,
  },
  // Its namespace outlives it.
  {
    name: 'what outlives its pod, on a Ready node',
    pod: 'none',
    holder: { outlivesPod: true },
    finds: undefined,
  },
  {
    name: 'what outlives its ending pod, on a Ready node',
    pod: ending,
    holder: { outlivesPod: true },
    finds: undefined,
  },
  {
    name: 'what outlives its pod, on a node that is not Ready',
    pod: 'none',
    node: notReady,
    holder: { outlivesPod: true },
    finds: silent,
  },
  {
    name: 'what outlives its pod, on a node that is not there',
    pod: 'none',
    node: 'none',
    holder: { outlivesPod: true },
    finds: silent,
  },
  {
    name: 'what outlives its pod, on a node that is shut down for certain',
    pod: 'none',
    node: shutDown,
    holder: { outlivesPod: true },
    finds: { reason: 'pod-gone', waitMs: 0, suspect: false },
  },
  // No pod at all.
  {
    name: 'a holder without a pod',
    pod: 'none',
    holder: { pod: { namespace: '', name: '' } },
    finds: undefined,
  },
  {
    name: 'a holder without a pod on a node that is not Ready',
    pod: 'none',
    node: notReady,
    holder: { pod: { namespace: '', name: '' } },
    finds: undefined,
  },
  {
    name: 'a holder without a pod on a node that is not there',
    pod: 'none',
    node: 'none',
    holder: { pod: { namespace: '', name: '' } },
    finds: nodeGone,
  },
  {
    name: 'a holder without a pod and without a node',
    pod: 'none',
    node: 'none',
    holder: { node: '', pod: { namespace: '', name: '' } },
    finds: undefined,
  },
];

for (const one of cases) {
  test(`findingOf() of ${one.name}: ${one.finds?.reason ?? 'nothing'}${one.finds?.suspect ? ', suspect' : ''}`, () => {
    const facts = {
      pod: one.pod === 'none' ? undefined : { ...pod, ...one.pod },
      node: one.node === 'none' ? undefined : (one.node ?? ready),
    };
    const record = one.owner === undefined ? {} : { owner: one.owner };
    const found = findingOf(record, { ...holder, ...one.holder }, facts, { ...rules, ...one.rules });
    assert.deepEqual(found, one.finds);
  });
}

const plain = { noNullPrototype: true } as const;
const nodeArb = fc.option(
  fc.record({ ...constants(ready), isReady: fc.boolean(), isOutOfService: fc.boolean() }, plain),
  { nil: undefined },
);
const podArb: fc.Arbitrary<PodLife> = fc.record(
  {
    ...constants({ namespace: 'default', name: 'db-0' }),
    uid: fc.constantFrom('uid-1', 'uid-2'),
    deleting: fc.boolean(),
    deletionGraceSeconds: fc.nat(600),
    phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
    reason: fc.constantFrom('Evicted', 'NodeShutdown'),
    restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
    hasAddress: fc.boolean(),
    usesHostNetwork: fc.boolean(),
    controller: fc.constant(ofSet.controller),
    configHash: fc.constant('hash'),
  },
  {
    requiredKeys: [
      'namespace',
      'name',
      'uid',
      'deleting',
      'phase',
      'restartPolicy',
      'hasAddress',
      'usesHostNetwork',
    ],
    noNullPrototype: true,
  },
);
const holderArb: fc.Arbitrary<Holder> = fc.record(
  {
    ...constants({ sandbox: 'sandbox', node: 'node', pod: holder.pod }),
    uid: fc.constantFrom('uid-1', 'uid-2', '', 'hash'),
    outlivesPod: fc.constant(true as const),
  },
  { requiredKeys: ['uid', 'sandbox', 'node', 'pod'], noNullPrototype: true },
);
const rulesArb: fc.Arbitrary<CollectionRules> = fc.record(
  {
    ...constants({ goneMs: 45_000, withoutAddressMs: 60_000, enableKubevirtStaticIP: true }),
    additionalGraceMs: fc.nat(100_000),
    enableStatefulSet: fc.boolean(),
    onReadyNodes: fc.boolean(),
    onNotReadyNodes: fc.boolean(),
    runningWithoutAddress: fc.boolean(),
  },
  plain,
);
const recordArb = fc.constantFrom({}, { owner });
const factsArb = fc.record({ pod: fc.option(podArb, { nil: undefined }), node: nodeArb }, plain);

function constants<T extends object>(values: T): { readonly [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, fc.constant(value)])) as {
    [K in keyof T]: fc.Arbitrary<T[K]>;
  };
}

test('findingOf() finds nothing of a pod that runs, shows an address and was not deleted, wherever it is', () => {
  fc.assert(
    fc.property(recordArb, holderArb, podArb, nodeArb, rulesArb, (record, one, drawn, node, drawnRules) => {
      const living = {
        ...drawn,
        uid: one.uid === '' ? 'any' : one.uid,
        deleting: false,
        phase: 'Running',
        hasAddress: true,
      };
      assert.equal(findingOf(record, one, { pod: living, node }, drawnRules), undefined);
    }),
  );
});

test('findingOf() takes an address for quiet only where nothing runs for certain, and leaves a Ready node what outlives its pod', () => {
  fc.assert(
    fc.property(recordArb, holderArb, factsArb, rulesArb, (record, one, facts, drawnRules) => {
      const found = findingOf(record, one, facts, drawnRules);
      if (found === undefined) return;
      assert.equal(found.suspect, !(facts.node?.isOutOfService === true && !facts.node.isReady));
      assert.ok(!(one.outlivesPod && facts.node?.isReady));
    }),
  );
});

test('findingOf() adds the grace of the configuration to every wait, and waits as long as an agent gets wherever something may run', () => {
  fc.assert(
    fc.property(recordArb, holderArb, factsArb, rulesArb, (record, one, facts, drawnRules) => {
      const found = findingOf(record, one, facts, drawnRules);
      const without = findingOf(record, one, facts, { ...drawnRules, additionalGraceMs: 0 });
      assert.deepEqual(found && { ...found, waitMs: found.waitMs - drawnRules.additionalGraceMs }, without);
      if (without?.suspect) assert.ok(without.waitMs >= drawnRules.goneMs);
    }),
  );
});
