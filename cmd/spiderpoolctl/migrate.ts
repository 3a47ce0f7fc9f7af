import type { Command } from 'commander';
import { migrationSummary, migrationText } from '../../src/cli/migration-text.ts';
import { MigrationError } from '../../src/migration/migration-error.ts';
import type { MigrationProgress, MigrationReport } from '../../src/migration/migration-report.ts';
import { CtlError, ExitCode } from './ctl-error.ts';
import type { RunCommand } from './run-command.ts';
import { printAnswer, type Session } from './session.ts';

const help = `
Pools of the original Spiderpool have their records in status.allocatedIPs; this moves them into address blocks, marks the pools, and takes
the original's finalizers off the SpiderEndpoints. The controller does the same by itself. --back writes all records into the pools again, so
that the original can take over. Both go on where they were cut off, when they are run again.

Before: no agent of the side that is left may run; for --back no controller either. docs/migration.md has the steps.

Exit status 0: all pools are moved; 1: some are not, or it was refused.

Examples:
  spiderpoolctl migrate --dry-run
  spiderpoolctl migrate --yes -o json | jq '.pools[] | select(.done | not)'
  spiderpoolctl migrate --back --dry-run`;

interface MigrateFlags {
  readonly back?: boolean;
  readonly dryRun?: boolean;
}

/** `spiderpoolctl migrate`. */
export function addMigrateCommand(program: Command, run: RunCommand): void {
  program
    .command('migrate')
    .description('move the records of the original Spiderpool here, or back; asks first')
    .option('--dry-run', 'tell what would be done, and change nothing')
    .option('--back', 'move them back to the original')
    .addHelpText('after', help)
    .action((flags: MigrateFlags) => run((session) => migrate(session, flags)));
}

async function migrate(session: Session, { back = false, dryRun = false }: MigrateFlags): Promise<ExitCode> {
  const { console } = session;
  if (!dryRun && !session.yes) {
    if (!console.interactive) {
      throw new CtlError(
        'CTL_REFUSED',
        'records are not moved without being asked, and this is no terminal: add --yes, or --dry-run to see what would be done',
      );
    }
    const plan = await work(session, { back, dryRun: true });
    for (const line of migrationText(plan).trimEnd().split('\n')) console.note(line);
    if (!(await console.confirm(`Move them ${back ? 'back to the original' : 'here'}?`, session.signal))) {
      throw new CtlError('CTL_REFUSED', 'nothing was moved');
    }
  }
  const report = await work(session, { back, dryRun });
  const options = { widthMax: console.widthMax, paint: console.paint };
  printAnswer(session, { body: report }, () => migrationText(report, options));
  // Programs get the report alone; a person who pipes it somewhere still sees what came of it.
  if (session.output !== 'table') console.note(migrationSummary(report));
  return report.pools.every(({ done }) => done) ? ExitCode.ok : ExitCode.no;
}

async function work(
  session: Session,
  { back, dryRun }: { readonly back: boolean; readonly dryRun: boolean },
): Promise<MigrationReport> {
  const { console, signal } = session;
  const api = await session.kubeApi();
  const onProgress = (progress: MigrationProgress): void => console.progress(progressText(progress));
  // Loaded only here: every other command would pay for it.
  const { exportToOriginal } = await import('../../src/migration/export-to-original.ts');
  const { importOriginal } = await import('../../src/migration/import-original.ts');
  try {
    return await (back ? exportToOriginal : importOriginal)({ api, dryRun, onProgress, signal });
  } catch (error) {
    if (error instanceof MigrationError) throw new CtlError('CTL_REFUSED', error.message, { cause: error });
    throw error;
  } finally {
    console.clearProgress();
  }
}

function progressText({ phase, done, total }: MigrationProgress): string {
  if (phase === 'reading') return 'reading pods and SpiderEndpoints …';
  return `${phase === 'pools' ? 'pools' : 'SpiderEndpoints'}: ${done}${total === undefined ? '' : ` of ${total}`}`;
}
