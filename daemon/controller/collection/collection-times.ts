/** Times of a garbage collection, in milliseconds. */
export interface CollectionTimes {
  /** How long a node's agent gets to free what is gone. @default 45_000 */
  readonly goneMs: number;
  /** How long a running pod may show no address. @default 60_000 */
  readonly withoutAddressMs: number;
  /** Between two looks at a static owner, and between two tries at what could not be done. @default 10_000 */
  readonly againMs: number;
  /** From an event to the look that it asks for, so that many are one. @default 1_000 */
  readonly eventPauseMs: number;
  /** How long a watch may be silent before it tells nothing any more. @default 180_000 */
  readonly silenceMaxMs: number;
}

/** What holds but in tests. */
export const collectionTimesDefault: CollectionTimes = {
  goneMs: 45_000,
  withoutAddressMs: 60_000,
  againMs: 10_000,
  eventPauseMs: 1_000,
  silenceMaxMs: 180_000,
};
