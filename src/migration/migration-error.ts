/** What keeps a migration from being begun or gone on with. */
export type MigrationErrorCode =
  /** An agent of the side that is to be left still runs and would go on changing records. */
  | 'MIGRATION_AGENTS_RUN'
  /** A controller is at work that would undo it. */
  | 'MIGRATION_CONTROLLER_LEADS';

/** A migration is refused; the message says what to do first. Nothing is half done that the next try would not finish. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly code: MigrationErrorCode;

  constructor(code: MigrationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
