/** The verbs that go to the agent; VERSION the plugin answers alone. */
export const cniVerbs = ['add', 'del', 'check', 'gc', 'status'] as const;

/** A verb that goes to the agent. */
export type CniVerb = (typeof cniVerbs)[number];

/** The CNI_* variables that the agent is told; CNI_COMMAND is the route. */
export const cniVariables = ['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME', 'CNI_ARGS', 'CNI_PATH'] as const;

/**
 * The CNI_* variables as the runtime set them (CNI 1.1.0, section "Parameters"). Absent and empty are the same, but for
 * the error code of an empty container id.
 */
export type CniEnvironment = { readonly [Name in (typeof cniVariables)[number]]?: string };

/** Body of `POST /v1/cni/{verb}`: what the plugin read, unchecked. `config` is null when stdin was not JSON (DEL only). */
export interface CniRequestBody {
  readonly config: unknown;
  readonly env: CniEnvironment;
}

/** HTTP header with the time the plugin is ready to wait for an answer, in milliseconds. */
export const deadlineHeader = 'x-spiderpool-deadline-ms';
