import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Address, compareAddresses } from '../../ip/address.ts';
import type { AllocationRecord } from '../record.ts';
import { matches } from './matches.ts';
import { OwnRecords } from './own-records.ts';

const NODES = ['here', 'there'] as const;
const holderArb = fc.record({
  uid: fc.constantFrom('u1', 'u2', 'u3'),
  sandbox: fc.constantFrom('s1', 's2', ''),
  node: fc.constantFrom(...NODES),
  pod: fc.record({ namespace: fc.constant('default'), name: fc.constantFrom('a', 'b') }),
});
const addressArb: fc.Arbitrary<Address> = fc.oneof(fc.nat(5), fc.bigInt(0n, 3n));
const storedArb = fc
  .record({
    address: addressArb,
    nic: fc.constantFrom('eth0', 'net1'),
    hasOwner: fc.boolean(),
    holders: fc.array(holderArb, { maxLength: 2 }),
    keptOn: fc.constantFrom(...NODES, undefined),
  })
  .map(({ address, nic, hasOwner, holders, keptOn }) => {
    const owner = { kind: 'StatefulSet', namespace: 'default', name: 'web-0' };
    const record: AllocationRecord = {
      address,
      pool: 'p',
      network: 'n',
      nic,
      sinceMs: 0,
      ...(hasOwner && { owner }),
      holders,
    };
    return { record, keptOn: holders.length === 0 ? keptOn : undefined };
  });
const stepArb = fc.oneof(
  { weight: 3, arbitrary: storedArb.map((stored) => ({ note: stored })) },
  { weight: 1, arbitrary: addressArb.map((address) => ({ remove: address })) },
);

void describe('OwnRecords', () => {
  void it('OwnRecords finds by uid, attachment and owner what a walk over all finds', () => {
    fc.assert(
      fc.property(fc.array(stepArb, { maxLength: 30 }), (steps) => {
        const own = new OwnRecords('here');
        const model = new Map<Address, AllocationRecord>();
        for (const step of steps) {
          const before = own.version;
          const address = 'note' in step ? step.note.record.address : step.remove;
          if ('note' in step) own.note(step.note);
          else own.remove(step.remove);
          model.delete(address);
          if ('note' in step && own.isOwn(step.note)) model.set(address, step.note.record);
          assert.ok(own.hasChangedSince(before, address));
          assert.ok(!own.hasChangedSince(own.version, address));
        }
        const all = [...model.values()].toSorted((a, b) => compareAddresses(a.address, b.address));
        assert.deepEqual(own.all(), all);
        assert.equal(own.size, all.length);
        for (const uid of ['u1', 'u2', 'u3']) {
          assert.deepEqual(
            own.ofUid(uid),
            all.filter((record) => matches(record, { uid })),
          );
        }
        const owner = { kind: 'StatefulSet', namespace: 'default', name: 'web-0' };
        assert.deepEqual(
          own.ofOwner(owner),
          all.filter((record) => record.owner !== undefined),
        );
        const attached = own.ofAttachment({ by: 'attachment', sandbox: 's1', nic: 'eth0' });
        assert.deepEqual(
          attached,
          all.filter((record) => matches(record, { sandbox: 's1', nic: 'eth0' })),
        );
      }),
    );
  });

  void it('OwnRecords keeps what a holder on the node has, and what was last there', () => {
    const own = new OwnRecords('here');
    const record = { address: 1, pool: 'p', network: 'n', nic: 'eth0', sinceMs: 0, holders: [] };
    assert.ok(own.isOwn({ record, keptOn: 'here' }));
    assert.ok(!own.isOwn({ record, keptOn: 'there' }));
    assert.ok(!own.isOwn({ record, keptOn: undefined }));
  });
});
