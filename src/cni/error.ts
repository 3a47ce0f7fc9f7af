/**
 * Error codes of the CNI specification 1.1.0 (section "Error", https://github.com/containernetworking/cni/blob/main/SPEC.md#error)
 * and, from 100 on, our own, one for each cause. docs/errors.md explains each of them.
 */
export const CniCode = {
  incompatibleVersion: 1,
  unsupportedField: 2,
  unknownContainer: 3,
  invalidEnvironment: 4,
  ioFailure: 5,
  decodingFailure: 6,
  invalidConfig: 7,
  tryAgainLater: 11,
  notAvailable: 50,
  limitedConnectivity: 51,
  noPoolSelected: 100,
  poolUnknown: 101,
  poolsFiltered: 102,
  poolsExhausted: 103,
  requestedAddressRefused: 104,
  badSelection: 105,
  checkFailed: 106,
  familyDisabled: 107,
  podNotAlive: 108,
  originalRecords: 109,
  /** A defect of ours; the number that the CNI libraries use for it. */
  internal: 999,
} as const;

/** One of {@link CniCode}’s numbers. */
export type CniErrorCode = (typeof CniCode)[keyof typeof CniCode];

/** An operating error that goes to the container runtime as a CNI error object. */
export class CniError extends Error {
  override readonly name = 'CniError';
  readonly code: CniErrorCode;
  /** More for the person who reads it; `message` alone must already tell what to do. */
  readonly details: string | undefined;

  constructor(code: CniErrorCode, message: string, options?: ErrorOptions & { readonly details?: string }) {
    super(message, options);
    this.code = code;
    this.details = options?.details;
  }
}
