import fc from 'fast-check';
import type { Address } from '../../../ip/address.ts';
import type { AllocationRecord, Holder } from '../../record.ts';

/** Addresses of both families. */
export const addressArb: fc.Arbitrary<Address> = fc.oneof(
  fc.nat(2 ** 31 - 1).map((half) => half * 2 + 1),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
);

/** As objects of the product's are, for comparisons. */
const plain = { noNullPrototype: true } as const;
const nameArb = fc.stringMatching(/^[a-z0-9-]{0,8}$/);

const holderArb: fc.Arbitrary<Holder> = fc.record(
  {
    uid: nameArb,
    sandbox: nameArb,
    node: nameArb,
    pod: fc.record({ namespace: nameArb, name: nameArb }, plain),
    netns: fc.record(
      {
        path: fc.string(),
        device: fc.bigInt(0n, 2n ** 64n),
        inode: fc.bigInt(0n, 2n ** 64n),
        bootId: nameArb,
      },
      { requiredKeys: ['path'], noNullPrototype: true },
    ),
    outlivesPod: fc.constant(true as const),
  },
  { requiredKeys: ['uid', 'sandbox', 'node', 'pod'], noNullPrototype: true },
);

/** Records of an address: of a pod, or of a static owner with up to two pods. */
export function recordArb(address: Address): fc.Arbitrary<AllocationRecord> {
  const fields = {
    address: fc.constant(address),
    pool: nameArb,
    network: fc.string(),
    nic: nameArb,
    sinceMs: fc.nat(4_000_000_000_000),
  };
  const owner = fc.record({ kind: nameArb, namespace: nameArb, name: nameArb }, plain);
  return fc.oneof(
    fc.record({ ...fields, holders: fc.array(holderArb, { minLength: 1, maxLength: 1 }) }, plain),
    fc.record({ ...fields, owner, holders: fc.array(holderArb, { maxLength: 2 }) }, plain),
  );
}
