import type { ExitCode } from './ctl-error.ts';
import type { Session } from './session.ts';

/** Runs the work of a command with a session made of the global options. */
export type RunCommand = (work: (session: Session) => Promise<ExitCode>) => Promise<void>;
