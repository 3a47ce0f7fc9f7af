/** What the process prints and how it ends. */
export interface Outcome {
  readonly output: string;
  readonly exitCode: 0 | 1;
  /** For stderr. */
  readonly note?: string;
}
