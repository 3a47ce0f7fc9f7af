/** How the process ends; documented, for scripts. */
export const ExitCode = {
  ok: 0,
  /** The answer is no: nobody has the address, the ADD would fail, the agent, the API server or the person refused. */
  no: 1,
  /** The command line or a file it names is wrong. */
  usage: 2,
  /** No agent, or no API server, answered. */
  away: 3,
  /** 128 + SIGINT, as shells do it. */
  interrupted: 130,
} as const;

/** One of {@link ExitCode}’s numbers. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What kept a command from doing what it was asked for. */
export type CtlErrorCode =
  /** The command line or a file it names is wrong. */
  | 'CTL_USAGE'
  /** The agent, the API server, or the person who was asked, said no. */
  | 'CTL_REFUSED'
  /** No agent answered, or what answered is not one. */
  | 'CTL_AGENT_AWAY'
  /** The API server did not answer. */
  | 'CTL_CLUSTER_AWAY'
  /** The person pressed Ctrl-C. */
  | 'CTL_INTERRUPTED';

const exitCodes: Readonly<Record<CtlErrorCode, ExitCode>> = {
  CTL_USAGE: ExitCode.usage,
  CTL_REFUSED: ExitCode.no,
  CTL_AGENT_AWAY: ExitCode.away,
  CTL_CLUSTER_AWAY: ExitCode.away,
  CTL_INTERRUPTED: ExitCode.interrupted,
};

/** Why a command could not do what it was asked for; the message also says what to do next. */
export class CtlError extends Error {
  override readonly name = 'CtlError';
  readonly code: CtlErrorCode;

  constructor(code: CtlErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get exitCode(): ExitCode {
    return exitCodes[this.code];
  }
}
