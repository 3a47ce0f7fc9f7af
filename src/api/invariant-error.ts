/** The program broke a promise that it made to itself: a defect, never a user's mistake. Nobody catches it to go on. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}
