import { allocationsText } from '../../../src/cli/allocations-text.ts';
import { releasedText } from '../../../src/cli/released-text.ts';
import { whoText } from '../../../src/cli/who-text.ts';
import { CniCode, CniError } from '../../../src/cni/error.ts';
import { quoteText } from '../../../src/cni/sanitize-text.ts';
import { type Address, formatAddress, parseAddress } from '../../../src/ip/address.ts';
import type { Ledger, RecordFilter } from '../../../src/ledger/ledger.ts';
import type { AllocationRecord } from '../../../src/ledger/record.ts';
import {
  allocationFilterKeys,
  pageLimitDefault,
  pageLimitMax,
  releaseConditionKeys,
} from '../../../src/wire/allocation-query.ts';
import type { AllocationsShape } from '../../../src/wire/shapes.ts';
import { allocationShape, whoShape } from '../../../src/wire/to-shapes.ts';
import { tellChanged } from '../aftermath.ts';
import type { Handler } from '../http/message.ts';
import type { HandlerContext } from './context.ts';
import { peopleHandler } from './people-reply.ts';

const pageKeys = ['limit', 'after'] as const;

/** What `node` asks for all nodes with. */
const allNodes = '*';

/** `GET /v1/allocations`: the records that match the query, a page at a time. This node's, unless the query names another. */
export function allocationsHandler({ cluster, ledger }: HandlerContext): Handler {
  return peopleHandler(async ({ query }) => {
    refuseUnknownKeys(query, [...allocationFilterKeys, ...pageKeys]);
    const limit = parseLimit(query.get('limit'));
    const after = query.get('after');
    const given = allocationFilterKeys.flatMap((key) => (query.has(key) ? [[key, query.get(key)]] : []));
    const { node, ...rest }: RecordFilter = { ...cluster.ownRecords, ...Object.fromEntries(given) };
    const filter = node === undefined || node === allNodes ? rest : { ...rest, node };
    const page = { limit, ...(after !== null && { after: requireAddress(after) }) };
    const records = await ledger.ledger.records(filter, page);
    const last = records.length === limit ? records.at(-1) : undefined;
    const value: AllocationsShape = {
      allocations: records.map((record) => allocationShape(record)),
      ...(last && { next: formatAddress(last.address) }),
    };
    return { value, text: () => allocationsText(value, Date.now()) };
  });
}

/** `GET /v1/allocations/{address}`: who has an address, and else who had it last. */
export function whoHandler({ cluster, ledger }: HandlerContext): Handler {
  return peopleHandler(async ({ parameter }) => {
    const address = requireAddress(parameter ?? '');
    const pools = cluster
      .catalog()
      .pools.filter(({ pool }) => pool.addresses.contains(address))
      .map(({ pool }) => pool.name);
    const record = await findRecord(ledger.ledger, address);
    const last = await ledger.ledger.lastHolder(address);
    const value = whoShape(address, pools, record, last);
    return { value, text: () => whoText(value, Date.now()) };
  });
}

/**
 * `DELETE /v1/allocations/{address}`: releases a record on an operator's word. The query's `uid` and `sandbox` name the
 * record that the operator saw, so that it is not another one by then.
 */
export function releaseHandler({ aftermath, ledger, log }: HandlerContext): Handler {
  return peopleHandler(async ({ parameter, query }) => {
    refuseUnknownKeys(query, releaseConditionKeys);
    const address = requireAddress(parameter ?? '');
    const record = await findRecord(ledger.ledger, address);
    if (record === undefined)
      throw refused(`${formatAddress(address)} is not allocated: there is nothing to release`);
    for (const key of releaseConditionKeys) {
      const expected = query.get(key);
      if (expected !== null && !record.holders.some((holder) => holder[key] === expected)) {
        throw refused(
          `${formatAddress(address)} has another holder by now: look again before you release it`,
        );
      }
    }
    const [released] = await ledger.ledger.release({ by: 'record', record });
    if (released === undefined) throw refused(`${formatAddress(address)} changed at this moment: look again`);
    tellChanged(aftermath, [released]);
    const value = { released: allocationShape(released) };
    log.warn(value.released, 'released on request');
    return { value, text: () => releasedText(value, Date.now()) };
  });
}

async function findRecord(ledger: Ledger, address: Address): Promise<AllocationRecord | undefined> {
  return (await ledger.records({ address })).at(0);
}

function requireAddress(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined)
    throw refused(`${quoteText(text)} is not an IP address: write for example 10.6.0.5 or fd00::5`);
  return address;
}

function parseLimit(text: string | null): number {
  if (text === null) return pageLimitDefault;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > pageLimitMax) {
    throw refused(`limit ${quoteText(text)} is not a whole number from 1 to ${pageLimitMax}`);
  }
  return limit;
}

function refuseUnknownKeys(query: URLSearchParams, known: readonly string[]): void {
  const unknown = [...query.keys()].find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw refused(`${quoteText(unknown)} is not a query of this route: it takes ${known.join(', ')}`);
}

function refused(message: string): CniError {
  return new CniError(CniCode.invalidConfig, message);
}
