import type { ControlPlane } from './control-plane.ts';

/** One living use of an address, as the stored blocks say; told without the code that wrote them. */
export interface StoredUse {
  /** Text of the address. */
  readonly address: string;
  readonly pool: string;
  readonly nic: string;
  /** `namespace/name`. */
  readonly pod: string;
  readonly uid: string;
  readonly sandbox: string;
  readonly node: string;
}

/** An address that is kept for a static owner that has no pod. */
export interface StoredKeep {
  readonly address: string;
  /** `kind/namespace/name`. */
  readonly owner: string;
}

/** Everything that is recorded. */
export interface StoredRecords {
  readonly uses: readonly StoredUse[];
  readonly keeps: readonly StoredKeep[];
}

interface Block {
  readonly spec: { readonly base: string; readonly slots: readonly Slot[] };
}

interface Slot {
  readonly pool?: string;
  readonly nic?: string;
  readonly owner?: { readonly kind: string; readonly namespace: string; readonly name: string };
  readonly holders?: readonly Pick<StoredUse, 'pod' | 'uid' | 'sandbox' | 'node'>[];
}

/** Reads all blocks of the cluster with the administrator's rights. */
export async function readRecords(plane: ControlPlane): Promise<StoredRecords> {
  const { status, body } = await plane.adminRequest(
    'GET',
    '/apis/spiderpool.spidernet.io/v2beta1/spideripblocks',
  );
  if (status !== 200) throw new Error(`the blocks can't be read: ${status} ${JSON.stringify(body)}`);
  const { items } = body as { readonly items: readonly Block[] };
  const uses: StoredUse[] = [];
  const keeps: StoredKeep[] = [];
  for (const { spec } of items) {
    for (const [index, slot] of spec.slots.entries()) {
      const address = addressAt(spec.base, index);
      const { pool = '', nic = '', owner, holders } = slot;
      if (holders === undefined) continue;
      for (const { pod, uid, sandbox, node } of holders)
        uses.push({ address, pool, nic, pod, uid, sandbox, node });
      if (holders.length === 0 && owner !== undefined) {
        keeps.push({ address, owner: `${owner.kind}/${owner.namespace}/${owner.name}` });
      }
    }
  }
  return { uses, keeps };
}

/** A block begins at a multiple of 64, so only the last group of the text changes. */
function addressAt(base: string, index: number): string {
  const separator = base.includes(':') ? ':' : '.';
  const groups = base.split(separator);
  const last = groups.pop() ?? '';
  const radix = separator === ':' ? 16 : 10;
  return [...groups, (Number.parseInt(last || '0', radix) + index).toString(radix)].join(separator);
}
