/** What the command line of `npm run test:e2e` asks for. */
export interface E2eOptions {
  /** Succeed, with a message, where a cluster can't be started. */
  readonly skipIfMissing: boolean;
  /** Regular expressions: only tests of these names. */
  readonly names: readonly string[];
}

/** The arguments make no sense; the message says what to write instead. */
export class E2eArgumentsError extends Error {
  override readonly name = 'E2eArgumentsError';
  readonly code = 'SP_E2E_ARGUMENTS';
}

/**
 * Reads `[--skip-if-missing] [--name REGEXP]…`.
 * @throws E2eArgumentsError on anything else
 */
export function parseE2eArguments(args: readonly string[]): E2eOptions {
  let skipIfMissing = false;
  const names: string[] = [];
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--skip-if-missing') skipIfMissing = true;
    else if (argument === '--name') names.push(parseName(rest.shift()));
    else
      throw new E2eArgumentsError(`unknown argument ${argument}: write --skip-if-missing or --name REGEXP`);
  }
  return { skipIfMissing, names };
}

function parseName(text: string | undefined): string {
  if (text === undefined) throw new E2eArgumentsError('--name needs a regular expression');
  try {
    return new RegExp(text).source;
  } catch (error) {
    throw new E2eArgumentsError(`--name ${text} is no regular expression`, { cause: error });
  }
}
