import { MigrationError } from './migration-error.ts';
import type { MigrationReport } from './migration-report.ts';

/**
 * Makes a check. A dry run goes on after a refusal, with a note, as it harms nobody.
 *
 * @throws MigrationError
 */
export async function orNote(check: () => Promise<void>, report: MigrationReport): Promise<void> {
  try {
    await check();
  } catch (error) {
    if (!(error instanceof MigrationError) || !report.dryRun) throw error;
    report.notes.push(`it would be refused: ${error.message}`);
  }
}
