import { formatTable, type Table } from './format.ts';
import type { Machine } from './machine.ts';
import type { SectionId } from './options.ts';

/** A figure that the project has promised, beside what was measured. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  readonly met: boolean;
}

/** What one part of the benchmark found. */
export interface Section {
  readonly id: SectionId;
  readonly title: string;
  readonly tables: readonly Table[];
  readonly targets: readonly Target[];
  /** Everything that was measured, in the section's own shape; units stand in the names. */
  readonly data: unknown;
}

/** What `bench-results.json` holds. */
export interface Report {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly quick: boolean;
  readonly sections: readonly Section[];
}

/** The targets of all sections as one table. */
export function targetsTable(sections: readonly Section[]): Table {
  const rows = sections.flatMap(({ targets }) =>
    targets.map(({ what, wanted, measured, met }) => [what, wanted, measured, met ? 'met' : '**missed**']),
  );
  return { title: 'Targets', columns: ['target', 'wanted', 'measured', ''], rows };
}

/** The tables of a section as Markdown. */
export function sectionText({ tables }: Section): string {
  return tables.map((table) => `**${table.title}**\n\n${formatTable(table)}`).join('\n\n');
}
