import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { InstallError } from '../../daemon/agent/install/install-error.ts';
import { checkListName, installNetworkConfig } from '../../daemon/agent/install/install-network-config.ts';
import { installPlugin } from '../../daemon/agent/install/install-plugin.ts';
import { EnvironmentReader } from '../../daemon/process/environment-reader.ts';
import { readLogLevel } from '../../daemon/process/read-log-level.ts';
import { createLogger, type LogLevel, logLevels } from '../../src/log/logger.ts';
import { endSignal } from '../process/run-daemon.ts';

/** Where the image has the builds of the plugin. */
const sourceDefault = '/usr/local/lib/spiderpool/plugin';
/** Where runtimes look for plugins and networks unless they are told otherwise. */
const binDefault = '/opt/cni/bin';
const confDefault = '/etc/cni/net.d';
const confNameDefault = '10-spiderpool.conflist';

const help = `
Each build of the plugin in --source is tried on the host, glibc before musl, and the first that answers replaces the one that is
there in one step. When none does, everything stays as it was.

Examples:
  spiderpool-agent install --source ./dist/plugin/amd64
  spiderpool-agent install --host-root /host --bin-dir /host-cni-bin --host-bin-dir /opt/cni/bin
  spiderpool-agent install --network-config ./10-spiderpool.conflist

Environment: SPIDERPOOL_LOG_LEVEL (default: info).`;

interface InstallArguments {
  readonly source: string;
  readonly hostRoot: string;
  readonly binDir: string;
  readonly hostBinDir?: string;
  readonly networkConfig?: string;
  readonly confDir: string;
  readonly confName: string;
  readonly logLevel?: LogLevel;
}

/** Adds `install`: the CNI plugin, and a network when asked for, put on the host. */
export function addInstallCommand(program: Command): void {
  program
    .command('install')
    .description('put the CNI plugin, and a network list when one is named, on this host')
    .option('--source <folder>', 'builds of the plugin, spiderpool-glibc and others', sourceDefault)
    .option('--host-root <folder>', "the host's root file system, as seen from here", '/')
    .option('--bin-dir <folder>', "the host's folder of CNI plugins, as seen from here", binDefault)
    .option(
      '--host-bin-dir <folder>',
      'the same folder, as the host sees it (default: --bin-dir on the host itself, else /opt/cni/bin)',
    )
    .option(
      '--network-config <file>',
      'a CNI network list to write too, after the plugin is in place (default: none)',
    )
    .option('--conf-dir <folder>', "the runtime's folder of network lists, as seen from here", confDefault)
    .option(
      '--conf-name <name>',
      'file name of the network list; the first of the folder is used',
      confNameDefault,
    )
    .addOption(new Option('--log-level <level>', 'what is logged (default: info)').choices(logLevels))
    .addHelpText('after', help)
    .action(install);
}

async function install(given: InstallArguments): Promise<void> {
  const log = createLogger(
    'spiderpool-agent',
    given.logLevel ?? readLogLevel(new EnvironmentReader(process.env)) ?? 'info',
  );
  const hostRoot = resolve(given.hostRoot);
  const binFolder = resolve(given.binDir);
  const confName = checkListName(given.confName);
  await installPlugin(
    {
      sourceFolder: resolve(given.source),
      binFolder,
      hostRoot,
      hostBinFolder: hostFolder(given.hostBinDir ?? (hostRoot === '/' ? binFolder : binDefault)),
      signal: endSignal(),
    },
    log,
  );
  if (given.networkConfig === undefined) return;
  await installNetworkConfig(
    { source: resolve(given.networkConfig), folder: resolve(given.confDir), name: confName },
    log,
  );
}

function hostFolder(path: string): string {
  if (path.startsWith('/')) return path;
  throw new InstallError(
    `--host-bin-dir is ${JSON.stringify(path)}: write the whole path, such as ${binDefault}`,
  );
}
