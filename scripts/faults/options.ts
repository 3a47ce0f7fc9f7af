/** What the command line of `npm run faults` asks for. */
export interface FaultsOptions {
  readonly runs: number;
  /** Seed of the first run; each further one has the next number. */
  readonly seed: number;
  /** Runs at a time. */
  readonly parallel: number;
  /** How long each run makes faults, seconds. */
  readonly seconds: number;
}

/** The arguments make no sense; the message says what to write instead. */
export class FaultsArgumentsError extends Error {
  override readonly name = 'FaultsArgumentsError';
  readonly code = 'SP_FAULTS_ARGUMENTS';
}

const defaults: FaultsOptions = { runs: 10, seed: 1, parallel: 2, seconds: 20 };
const limits: FaultsOptions = { runs: 10_000, seed: 2 ** 31, parallel: 64, seconds: 3_600 };

/**
 * Reads `[--runs N] [--seed N] [--parallel N] [--seconds N]`.
 * @throws FaultsArgumentsError on anything else
 */
export function parseFaultsArguments(args: readonly string[]): FaultsOptions {
  const options: Record<string, number> = { ...defaults };
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    const name = argument.replace(/^--/, '');
    const max = Object.entries(limits).find(([key]) => `--${key}` === argument)?.[1];
    if (max === undefined) {
      throw new FaultsArgumentsError(
        `unknown argument ${argument}: write --runs, --seed, --parallel or --seconds, each with a number`,
      );
    }
    const value = Number(rest.shift());
    if (!Number.isInteger(value) || value < 1 || value > max) {
      throw new FaultsArgumentsError(`${argument} takes a whole number from 1 to ${max}`);
    }
    options[name] = value;
  }
  return { ...defaults, ...options };
}
