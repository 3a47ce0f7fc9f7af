/** An environment variable or argument can't be used. The message tells which and what to write. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'OPTIONS_INVALID';
}
