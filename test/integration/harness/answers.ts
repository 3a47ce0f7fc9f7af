import assert from 'node:assert/strict';
import type { CniAnswer } from '../../support/run-cni.ts';
import type { SocketResponse } from '../../support/socket-client.ts';

/** The parts of a CNI result that tests look at (CNI 1.1.0, section "ADD Success"). */
export interface CniResultObject {
  readonly cniVersion: string;
  readonly ips: readonly { readonly address: string; readonly gateway?: string; readonly version?: string }[];
  readonly routes?: readonly { readonly dst: string; readonly gw?: string }[];
  readonly interfaces?: readonly { readonly name: string; readonly sandbox?: string }[];
}

/** A CNI error object. */
export interface CniErrorText {
  readonly cniVersion: string;
  readonly code: number;
  readonly msg: string;
  readonly details?: string;
}

/** An answer of the plugin, or of the agent on a CNI route. */
type Answer = CniAnswer | SocketResponse;

function bodyOf(answer: Answer): unknown {
  return 'stdout' in answer ? answer.stdout : answer.body;
}

function succeeded(answer: Answer): boolean {
  return 'stdout' in answer ? answer.exitCode === 0 : answer.status === 200;
}

/** The result of an ADD that has to have succeeded. */
export function resultOf(answer: Answer): CniResultObject {
  assert.ok(succeeded(answer), JSON.stringify(answer));
  return bodyOf(answer) as CniResultObject;
}

/** The addresses of an ADD that has to have succeeded, without their prefix lengths. */
export function addressesOf(answer: Answer): readonly string[] {
  return resultOf(answer).ips.map(({ address }) => address.slice(0, address.indexOf('/')));
}

/** The only address of an ADD that has to have succeeded. */
export function addressOf(answer: Answer): string {
  const addresses = addressesOf(answer);
  assert.equal(addresses.length, 1, JSON.stringify(addresses));
  return addresses[0] ?? '';
}

/** Asserts success without a result, as all verbs but ADD and VERSION have it. */
export function assertSilentSuccess(answer: Answer): void {
  assert.ok(succeeded(answer), JSON.stringify(answer));
  assert.equal(bodyOf(answer), undefined);
}

/** Asserts a refusal with this code and a message that says this. */
export function assertRefused(answer: Answer, code: number, message: RegExp): CniErrorText {
  assert.ok(!succeeded(answer), `expected error ${code}, got ${JSON.stringify(answer)}`);
  if ('stdout' in answer) assert.equal(answer.exitCode, 1);
  const error = bodyOf(answer) as CniErrorText;
  assert.equal(error.code, code, JSON.stringify(error));
  assert.match(`${error.msg} ${error.details ?? ''}`, message);
  return error;
}
