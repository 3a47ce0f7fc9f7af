import { formatJson, formatYaml } from '../../src/cli/machine-format.ts';
import type { AgentClient } from './agent-client.ts';
import type { UserConsole } from './user-console.ts';

/** What `-o` takes. */
export const outputFormats = ['table', 'json', 'yaml'] as const;

/** How an answer is printed. */
export type OutputFormat = (typeof outputFormats)[number];

/** What every command works with. */
export interface Session {
  readonly client: AgentClient;
  readonly console: UserConsole;
  readonly output: OutputFormat;
  /** `--yes`: what would be asked is answered with yes. */
  readonly yes: boolean;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Prints an answer in the format that was asked for: the agent's JSON as it is, or what `text` makes of it for a person. */
export function printAnswer(session: Session, body: unknown, text: () => string): void {
  const print = {
    table: text,
    json: () => formatJson(body),
    yaml: () => formatYaml(body),
  }[session.output];
  session.console.print(print());
}
