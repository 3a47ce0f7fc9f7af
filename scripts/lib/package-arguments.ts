import { parseArgs } from 'node:util';

/** What Node and Bun have executables for, by Node's names. */
export const packageArchitectures = ['x64', 'arm64'] as const;
export type PackageArchitecture = (typeof packageArchitectures)[number];

export const packagePrograms = ['spiderpool-agent', 'spiderpool-controller', 'spiderpoolctl'] as const;
export type PackageProgram = (typeof packagePrograms)[number];

/** What to make. */
export interface PackageSelection {
  readonly architectures: readonly PackageArchitecture[];
  readonly programs: readonly PackageProgram[];
  /** Folder of the results; undefined: dist/package. */
  readonly out: string | undefined;
  /** With the builds of the plugin, checksums and the archive for a host; else executables alone. */
  readonly whole: boolean;
}

/** The command line is wrong; the message says what to write. */
export class PackageArgumentsError extends Error {
  override readonly name = 'PackageArgumentsError';
  readonly code = 'SP_PACKAGE_ARGUMENTS';
}

/**
 * `[--arch x64|arm64]… [--out FOLDER] [PROGRAM…]`; nothing named means everything, and an archive is made only of that.
 *
 * @throws PackageArgumentsError
 */
export function parsePackageArguments(args: readonly string[]): PackageSelection {
  let parsed: { values: { arch?: string[]; out?: string }; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { arch: { type: 'string', multiple: true }, out: { type: 'string' } },
    });
  } catch (error) {
    throw new PackageArgumentsError(error instanceof Error ? error.message : String(error));
  }
  const { values, positionals } = parsed;
  return {
    architectures: pick('architecture', packageArchitectures, values.arch ?? []),
    programs: pick('program', packagePrograms, positionals),
    out: values.out,
    whole: positionals.length === 0,
  };
}

/** Those of the known that were named, in their own order; all when none was. */
function pick<Name extends string>(
  what: string,
  known: readonly Name[],
  named: readonly string[],
): readonly Name[] {
  const unknown = named.find((name) => !known.some((one) => one === name));
  if (unknown !== undefined) {
    throw new PackageArgumentsError(`unknown ${what} ${unknown}: write one of ${known.join(', ')}`);
  }
  return named.length === 0 ? known : known.filter((one) => named.includes(one));
}
