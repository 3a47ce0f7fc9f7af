// What the API server and Go's JSON encoder would rewrite (`&`, `<`, `>`) or a terminal would obey must not get into a record:
// records are compared byte by byte.
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029&<>]/;

/**
 * Why a text from outside may not be stored or passed on, in words that follow its name, such as "contains a control
 * character"; undefined when it may.
 */
export function storedTextProblem(text: string, lengthMax: number): string | undefined {
  if (text.length > lengthMax) return `is longer than ${lengthMax} characters`;
  if (forbidden.test(text)) return 'contains a control character or one of & < >';
  return text.isWellFormed() ? undefined : 'is not valid Unicode';
}

/** Longest texts that are stored, in characters. */
export const storedTextMax = {
  /** Runtimes use 64 hexadecimal digits; Kubernetes allows any DNS-like text. */
  containerId: 256,
  /** IFNAMSIZ less the final zero byte (`linux/if.h`). */
  ifName: 15,
  /** PATH_MAX is 4096; a namespace path is some 60 characters. */
  netns: 1024,
  network: 253,
  /** Kubernetes: a DNS-1123 subdomain. */
  podName: 253,
  /** Kubernetes: a DNS-1123 label; other runtimes may be freer. */
  podNamespace: 253,
  podUid: 128,
  poolName: 253,
} as const;
