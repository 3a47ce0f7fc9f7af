import type { Address } from '../../ip/address.ts';
import { addressKey } from '../address-key.ts';
import type { PageOptions, RecordFilter } from '../ledger.ts';
import type { AttachmentCondition } from '../plan-release.ts';
import type { AllocationRecord, Holder, NetworkNamespace, StaticOwner } from '../record.ts';
import { addressOf, numberOf, optionalIntegerOf, optionalTextOf, textOf } from './columns.ts';
import type { Database, Row, Value } from './database.ts';

const PAGE_DEFAULT = 500;
/** A page is built in one go, while nothing else runs: 5000 records take about 50 ms. */
const PAGE_MAX = 5000;

const SELECT =
  'SELECT address, pool, network, nic, since_ms, owner_kind, owner_namespace, owner_name FROM records';
const INSERT_RECORD = `INSERT INTO records
  (address, pool, network, nic, since_ms, owner_kind, owner_namespace, owner_name) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_HOLDER = `INSERT INTO holders (address, position, uid, sandbox, node, pod_namespace, pod_name,
  netns_path, netns_device, netns_inode, boot_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** The live records in the tables `records` and `holders`. The caller holds the transaction. */
export class RecordStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The record of an address. */
  at(address: Address): AllocationRecord | undefined {
    const row = this.#database.get(`${SELECT} WHERE address = ?`, addressKey(address));
    return row && this.#record(row);
  }

  /** The records that a pod holds, in address order. */
  ofUid(uid: string): AllocationRecord[] {
    return this.#records(`${SELECT} WHERE address IN (SELECT address FROM holders WHERE uid = ?)`, uid);
  }

  /** The records of a sandbox's NIC, and what was imported for that NIC of its pod, in address order. */
  ofAttachment({ sandbox, nic, pod }: AttachmentCondition): AllocationRecord[] {
    const ofSandbox = 'SELECT address FROM holders WHERE sandbox = ?';
    if (pod === undefined)
      return this.#records(`${SELECT} WHERE nic = ? AND address IN (${ofSandbox})`, nic, sandbox);
    const imported = "SELECT address FROM holders WHERE sandbox = '' AND pod_namespace = ? AND pod_name = ?";
    const sql = `${SELECT} WHERE nic = ? AND address IN (${ofSandbox} UNION ${imported})`;
    return this.#records(sql, nic, sandbox, pod.namespace, pod.name);
  }

  /** The records of a static owner, in address order. */
  ofOwner(owner: StaticOwner): AllocationRecord[] {
    const sql = `${SELECT} WHERE owner_name = ? AND owner_namespace = ? AND owner_kind = ?`;
    return this.#records(sql, owner.name, owner.namespace, owner.kind);
  }

  /** One page of the records that match, in address order. */
  select(filter: RecordFilter, page: PageOptions): AllocationRecord[] {
    const { conditions, values } = conditionsOf(filter, page.after);
    const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
    const limit = Math.min(Math.max(page.limit ?? PAGE_DEFAULT, 0), PAGE_MAX);
    const rows = this.#database.query(`${SELECT}${where} ORDER BY address LIMIT ?`, [...values, limit]);
    return rows.map((row) => this.#record(row));
  }

  /** Visits the allocated addresses from `low` to `high`, ascending, each with whether its record names this pool. */
  forEachBetween(
    low: Address,
    high: Address,
    pool: string,
    visit: (address: Address, isOfPool: boolean) => void,
  ): void {
    const sql =
      'SELECT address, pool = ? AS of_pool FROM records WHERE address BETWEEN ? AND ? ORDER BY address';
    this.#database.forEach(sql, [pool, addressKey(low), addressKey(high)], (row) => {
      visit(addressOf(row), row['of_pool'] === 1);
    });
  }

  countOfPool(pool: string): number {
    const row = this.#database.get('SELECT count(*) AS records FROM records WHERE pool = ?', pool);
    return row === undefined ? 0 : numberOf(row, 'records');
  }

  /** Writes a new record. Throws when the address has one: the last guard against giving it twice. */
  insert(record: AllocationRecord): void {
    const { owner } = record;
    this.#database.run(
      INSERT_RECORD,
      addressKey(record.address),
      record.pool,
      record.network,
      record.nic,
      record.sinceMs,
      owner?.kind ?? null,
      owner?.namespace ?? null,
      owner?.name ?? null,
    );
    this.#insertHolders(record);
  }

  /** Writes what may change of a standing record: its network, owner and holders. */
  update(record: AllocationRecord): void {
    const key = addressKey(record.address);
    const { owner } = record;
    this.#database.run(
      'UPDATE records SET network = ?, owner_kind = ?, owner_namespace = ?, owner_name = ? WHERE address = ?',
      record.network,
      owner?.kind ?? null,
      owner?.namespace ?? null,
      owner?.name ?? null,
      key,
    );
    this.#database.run('DELETE FROM holders WHERE address = ?', key);
    this.#insertHolders(record);
  }

  remove(address: Address): void {
    const key = addressKey(address);
    this.#database.run('DELETE FROM holders WHERE address = ?', key);
    this.#database.run('DELETE FROM records WHERE address = ?', key);
  }

  #insertHolders(record: AllocationRecord): void {
    for (const [position, holder] of record.holders.entries()) {
      const { netns } = holder;
      this.#database.run(
        INSERT_HOLDER,
        addressKey(record.address),
        position,
        holder.uid,
        holder.sandbox,
        holder.node,
        holder.pod.namespace,
        holder.pod.name,
        netns?.path ?? null,
        netns?.device?.toString() ?? null,
        netns?.inode?.toString() ?? null,
        netns?.bootId ?? null,
      );
    }
  }

  #records(sql: string, ...values: Value[]): AllocationRecord[] {
    return this.#database.all(`${sql} ORDER BY address`, ...values).map((row) => this.#record(row));
  }

  #record(row: Row): AllocationRecord {
    const holders = this.#database.all(
      'SELECT * FROM holders WHERE address = ? ORDER BY position',
      textOf(row, 'address'),
    );
    const owner = ownerOf(row);
    return {
      address: addressOf(row),
      pool: textOf(row, 'pool'),
      network: textOf(row, 'network'),
      nic: textOf(row, 'nic'),
      sinceMs: numberOf(row, 'since_ms'),
      ...(owner && { owner }),
      holders: holders.map(holderOf),
    };
  }
}

function ownerOf(row: Row): StaticOwner | undefined {
  const name = optionalTextOf(row, 'owner_name');
  if (name === undefined) return undefined;
  return { kind: textOf(row, 'owner_kind'), namespace: textOf(row, 'owner_namespace'), name };
}

function holderOf(row: Row): Holder {
  const netns = netnsOf(row);
  return {
    uid: textOf(row, 'uid'),
    sandbox: textOf(row, 'sandbox'),
    node: textOf(row, 'node'),
    pod: { namespace: textOf(row, 'pod_namespace'), name: textOf(row, 'pod_name') },
    ...(netns && { netns }),
  };
}

function netnsOf(row: Row): NetworkNamespace | undefined {
  const path = optionalTextOf(row, 'netns_path');
  if (path === undefined) return undefined;
  const device = optionalIntegerOf(row, 'netns_device');
  const inode = optionalIntegerOf(row, 'netns_inode');
  const bootId = optionalTextOf(row, 'boot_id');
  return {
    path,
    ...(device !== undefined && { device }),
    ...(inode !== undefined && { inode }),
    ...(bootId !== undefined && { bootId }),
  };
}

function conditionsOf(
  filter: RecordFilter,
  after: Address | undefined,
): { conditions: string[]; values: string[] } {
  const conditions: string[] = [];
  const values: string[] = [];
  const require = (condition: string, ...parameters: string[]): void => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (filter.address !== undefined) require('address = ?', addressKey(filter.address));
  if (after !== undefined) require('address > ?', addressKey(after));
  if (filter.pool !== undefined) require('pool = ?', filter.pool);
  if (filter.network !== undefined) require('network = ?', filter.network);
  if (filter.nic !== undefined) require('nic = ?', filter.nic);
  if (filter.owner !== undefined) {
    const { name, namespace, kind } = filter.owner;
    require('owner_name = ? AND owner_namespace = ? AND owner_kind = ?', name, namespace, kind);
  }
  const { uid, sandbox, node, pod } = filter;
  const podColumns = pod && { pod_namespace: pod.namespace, pod_name: pod.name };
  const ofHolder = Object.entries({ uid, sandbox, node, ...podColumns }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  if (ofHolder.length > 0) {
    const all = ofHolder.map(([column]) => `${column} = ?`).join(' AND ');
    const matching = `SELECT holders.address FROM holders WHERE ${all}`;
    // Few holders have a uid or a sandbox, and an index leads to them; a node may have all, so each record is asked in turn.
    const isSelective = uid !== undefined || sandbox !== undefined;
    require(isSelective
      ? `address IN (${matching})`
      : `EXISTS (${matching} AND holders.address = records.address)`, ...ofHolder.map(([, value]) => value));
  }
  return { conditions, values };
}
