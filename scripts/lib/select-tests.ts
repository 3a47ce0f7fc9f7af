/** Unit suites stand beside the sources, integration suites in `test/`. */
export type Suite = 'unit' | 'integration';

/** What the command line of `npm test` asks for. */
export interface TestSelection {
  /** Undefined: both. */
  readonly only: Suite | undefined;
  /** Folders, tests or the sources that tests stand beside. None: all files. */
  readonly filters: readonly string[];
}

/** The arguments make no sense; the message says what to write instead. */
export class TestArgumentsError extends Error {
  override readonly name = 'TestArgumentsError';
  readonly code = 'SP_TEST_ARGUMENTS';
}

/**
 * Reads `[--only unit|integration] [PATH…]`.
 * @throws TestArgumentsError on an unknown option or suite
 */
export function parseTestArguments(args: readonly string[]): TestSelection {
  let only: Suite | undefined;
  const filters: string[] = [];
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--only') {
      const suite = rest.shift();
      if (suite !== 'unit' && suite !== 'integration') {
        throw new TestArgumentsError(`--only takes "unit" or "integration", not "${suite ?? ''}"`);
      }
      only = suite;
    } else if (argument.startsWith('-')) {
      throw new TestArgumentsError(
        `unknown option ${argument}: give paths of tests, or --only unit|integration`,
      );
    } else {
      filters.push(argument);
    }
  }
  return { only, filters };
}

/** @returns the files of `selection`, sorted, unit suites first: what is quick and close to the cause fails first. */
export function selectTests(files: readonly string[], selection: TestSelection): readonly string[] {
  const { only, filters } = selection;
  const wanted = [...files]
    .sort()
    .filter((file) => filters.length === 0 || filters.some((path) => isAt(file, path)));
  return (['unit', 'integration'] as const)
    .filter((suite) => only === undefined || only === suite)
    .flatMap((suite) => wanted.filter((file) => suiteOf(file) === suite));
}

function suiteOf(file: string): Suite {
  return file.startsWith('test/') ? 'integration' : 'unit';
}

function isAt(file: string, path: string): boolean {
  const place = stem(path.replace(/^\.\//, '').replace(/\/$/, ''));
  return stem(file) === place || file.startsWith(`${place}/`);
}

function stem(path: string): string {
  return path.replace(/(\.test)?\.ts$/, '');
}
