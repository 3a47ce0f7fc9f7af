import { formatJson, formatYaml } from '../../src/cli/machine-format.ts';
import type { KubeApi } from '../../src/kube/kube-api.ts';
import type { Answer, Source } from './source.ts';
import type { UserConsole } from './user-console.ts';

/** What `-o` takes. */
export const outputFormats = ['table', 'json', 'yaml'] as const;

/** How an answer is printed. */
export type OutputFormat = (typeof outputFormats)[number];

/** What every command works with. */
export interface Session {
  readonly console: UserConsole;
  readonly output: OutputFormat;
  /** `--yes`: what would be asked is answered with yes. */
  readonly yes: boolean;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
  /** `--namespace`: that of the controller and its configuration. */
  readonly namespace: string;
  /** Who answers, found and opened when it is first asked for. @throws {CtlError} when there is nobody */
  source(): Promise<Source>;
  /**
   * The API server that the command line or the environment names, for what only a cluster can do; closed with the session.
   *
   * @throws {CtlError} when `--socket` was given, or nothing names a cluster
   */
  kubeApi(): Promise<KubeApi>;
}

/** Prints an answer in the format that was asked for: its JSON as it is, or what `text` makes of it for a person, with its notes. */
export function printAnswer(
  session: Session,
  { body, notes = [] }: Pick<Answer<unknown>, 'body' | 'notes'>,
  text: () => string,
): void {
  for (const note of notes) session.console.note(note);
  const print = {
    table: text,
    json: () => formatJson(body),
    yaml: () => formatYaml(body),
  }[session.output];
  session.console.print(print());
}
