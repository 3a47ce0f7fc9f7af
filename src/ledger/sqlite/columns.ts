import type { Address } from '../../ip/address.ts';
import { addressOfKey } from '../address-key.ts';
import { LedgerError } from '../errors.ts';
import type { Row } from './database.ts';

/** A column that holds a text. The tables are STRICT, so anything else means that the file is damaged. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw damaged(column);
  return value;
}

/** A column that holds a text or nothing. */
export function optionalTextOf(row: Row, column: string): string | undefined {
  return row[column] === null ? undefined : textOf(row, column);
}

/** A column that holds an integer as a decimal text, or nothing. */
export function optionalIntegerOf(row: Row, column: string): bigint | undefined {
  const text = optionalTextOf(row, column);
  return text === undefined ? undefined : integerOfText(text, column);
}

/** An integer that was written as a decimal text. */
export function integerOfText(text: string, what: string): bigint {
  if (!/^\d+$/.test(text)) throw damaged(what);
  return BigInt(text);
}

/** A column that holds a number. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw damaged(column);
  return value;
}

/** The primary key of the row as an address. */
export function addressOf(row: Row): Address {
  const address = addressOfKey(textOf(row, 'address'));
  if (address === undefined) throw damaged('address');
  return address;
}

/** The error for a value that this program never writes. */
export function damaged(what: string): LedgerError {
  return new LedgerError('LEDGER_CORRUPT', `the ledger holds an impossible value in ${what}`);
}
