/** The verbs that go to the agent; VERSION the plugin answers alone. */
export const cniVerbs = ['add', 'del', 'check', 'gc', 'status'] as const;

export type CniVerb = (typeof cniVerbs)[number];

/**
 * The CNI_* variables as the runtime set them (CNI 1.1.0, section "Parameters"). Absent and empty are the same, but for
 * the error code of an empty container id.
 */
export interface CniEnvironment {
  readonly CNI_CONTAINERID?: string;
  readonly CNI_NETNS?: string;
  readonly CNI_IFNAME?: string;
  readonly CNI_ARGS?: string;
  readonly CNI_PATH?: string;
}

/** Body of `POST /v1/cni/{verb}`: what the plugin read, unchecked. `config` is null when stdin was not JSON (DEL only). */
export interface CniRequestBody {
  readonly config: unknown;
  readonly env: CniEnvironment;
}

/** HTTP header with the time the plugin is ready to wait for an answer, in milliseconds. */
export const deadlineHeader = 'x-spiderpool-deadline-ms';
