/** Something that the leader alone does. */
export interface LeaderPart {
  /** Works until the signal is aborted, through every failure of the API server. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}
