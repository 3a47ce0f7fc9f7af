/** What a decision needs can't be read now; trying again helps. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError';
  readonly code = 'SP_ADMISSION_NOT_NOW';
}
