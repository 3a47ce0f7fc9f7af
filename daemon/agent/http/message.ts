import type { HttpReply } from '../../process/http/send-reply.ts';

/** A request as a handler sees it: the body is read and decoded, nothing else is checked yet. */
export interface AgentRequest {
  readonly path: string;
  /** What the route's pattern left open: `{address}`. */
  readonly parameter: string | undefined;
  readonly query: URLSearchParams;
  /** The decoded JSON body; undefined when there was none. */
  readonly body: unknown;
  /** True when the client asked for `text/plain` and not for JSON. */
  readonly wantsText: boolean;
  /** Aborted when the client is gone, its deadline has passed, or the agent must end. */
  readonly signal: AbortSignal;
}

/** What a handler answers. */
export type Reply = HttpReply;

/** Answers a request. What it throws is a refusal when it is an HttpError, and else a defect (500). */
export type Handler = (request: AgentRequest) => Promise<Reply>;
