/** The parts of the benchmark, in the order in which they run. */
export const sectionIds = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const;
export type SectionId = (typeof sectionIds)[number];

/** What the command line of `npm run bench` asks for. */
export interface BenchOptions {
  readonly sections: readonly SectionId[];
  /** Fewer rounds: to see that everything works, not to quote. */
  readonly quick: boolean;
  /** Write the tables into docs/benchmarks.md. */
  readonly updateDocs: boolean;
}

/** The arguments make no sense; the message says what to write instead. */
export class BenchArgumentsError extends Error {
  override readonly name = 'BenchArgumentsError';
  readonly code = 'SP_BENCH_ARGUMENTS';
}

/**
 * Reads `[--quick] [--only a,b,c,d,e,f,g,h] [--update-docs]`.
 * @throws BenchArgumentsError on anything else, and when a quick run would be written into the documentation
 */
export function parseBenchArguments(args: readonly string[]): BenchOptions {
  let sections: readonly SectionId[] = sectionIds;
  let quick = false;
  let updateDocs = false;
  const rest = [...args];
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === '--quick') quick = true;
    else if (argument === '--update-docs') updateDocs = true;
    else if (argument === '--only') sections = parseSections(rest.shift() ?? '');
    else
      throw new BenchArgumentsError(
        `unknown argument ${argument}: write --quick, --only a,b,c,d,e,f,g,h or --update-docs`,
      );
  }
  if (updateDocs && quick) {
    throw new BenchArgumentsError('--update-docs takes figures that can be quoted: leave out --quick');
  }
  return { sections, quick, updateDocs };
}

function parseSections(text: string): readonly SectionId[] {
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.filter((name) => sectionIds.every((id) => id !== name));
  if (unknown.length > 0) {
    throw new BenchArgumentsError(`--only takes some of ${sectionIds.join(',')}, not "${unknown.join(',')}"`);
  }
  return sectionIds.filter((id) => asked.includes(id));
}
