import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { sanitizeText } from '../../src/cni/sanitize-text.ts';
import { defaultPaths } from '../../src/config/paths.ts';
import { addAllocationsCommand } from './allocations.ts';
import { CommandSession, type GlobalOptions } from './command-session.ts';
import { CtlError, ExitCode } from './ctl-error.ts';
import { addExplainCommand } from './explain.ts';
import { addGcCommand } from './gc.ts';
import { addMigrateCommand } from './migrate.ts';
import { addPoolsCommand } from './pools.ts';
import { addReleaseCommand } from './release.ts';
import type { RunCommand } from './run-command.ts';
import { outputFormats } from './session.ts';
import { toCtlError } from './to-ctl-error.ts';
import { UserConsole, type UserStreams } from './user-console.ts';
import { addWhoCommand } from './who.ts';

const help = `
The agent of this host answers by its socket, which is root's; where it may not be opened, or with --kubeconfig or --context, the
cluster answers by its API server.

Exit status: 0 done, 1 the answer is no or it was refused, 2 wrong usage, 3 nobody answered, 130 interrupted.

Examples:
  spiderpoolctl pools                         how full is what?
  spiderpoolctl who 10.6.0.15                 whose is this address?
  spiderpoolctl explain --ipv4-pool vlan6-v4  why does a pod get no address?`;

/** What a command line runs in. */
export interface RunProgramOptions {
  readonly version: string;
  readonly streams: UserStreams;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/**
 * Runs one command line.
 * @param args without the executable's and the script's names
 * @returns how the process is to end; expected failures have been told on stderr
 */
export async function runProgram(args: readonly string[], options: RunProgramOptions): Promise<ExitCode> {
  const { streams, signal } = options;
  const console = new UserConsole(streams);
  let exitCode: ExitCode = ExitCode.ok;
  const program = new Command('spiderpoolctl');
  const run: RunCommand = async (work) => {
    await using session = new CommandSession(program.opts<GlobalOptions>(), console, signal);
    exitCode = await work(session);
  };
  configure(program, options, run);
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    const error = toCtlError(thrown, signal);
    if (!(error instanceof CtlError)) throw error;
    console.fail(error.message);
    return error.exitCode;
  }
}

function configure(program: Command, { version, streams }: RunProgramOptions, run: RunCommand): void {
  program
    .description(
      'Looks into Spiderpool, on this host or in a cluster: pools, addresses, and why a pod gets which.',
    )
    .version(version, '-V, --version', 'print the version')
    .addOption(
      new Option(
        '--socket <path>',
        `ask the agent of this host (default: ${defaultPaths.socket} where it may be opened)`,
      )
        .argParser(parseSocketPath)
        .conflicts(['kubeconfig', 'context']),
    )
    .option(
      '--kubeconfig <file>',
      'ask the cluster that this file names (default: KUBECONFIG, ~/.kube/config)',
    )
    .option('--context <name>', 'ask the cluster of this context of the kubeconfig')
    .option('--namespace <name>', "namespace of Spiderpool's controller and configuration", 'spiderpool')
    .addOption(
      new Option('-o, --output <format>', 'table for people, the others for programs')
        .choices(outputFormats)
        .default('table'),
    )
    .option('-y, --yes', 'do not ask before something is changed')
    .addHelpText('after', help)
    .showHelpAfterError('(--help shows how it is used, with examples)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      // What the person typed is quoted in these messages.
      outputError: (text, write) => write(`${text.trimEnd().split('\n').map(sanitizeText).join('\n')}\n`),
    })
    .exitOverride();
  for (const add of [
    addPoolsCommand,
    addAllocationsCommand,
    addWhoCommand,
    addExplainCommand,
    addReleaseCommand,
    addGcCommand,
    addMigrateCommand,
  ]) {
    add(program, run);
  }
}

function parseSocketPath(path: string): string {
  // Without a path the HTTP client would go to a TCP port of this host.
  if (path === '') throw new InvalidArgumentError('Write the path of a unix socket.');
  return path;
}
