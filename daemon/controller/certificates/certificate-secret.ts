import { isObject } from '../../../src/api/decode.ts';
import type { KubeApi } from '../../../src/kube/kube-api.ts';
import { KubeError } from '../../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../../src/kube/resource-path.ts';
import type { CertificateSet } from './certificate-set.ts';

/** A try that takes longer is better made anew: nothing else waits for it. */
const tryTimeoutMs = 5_000;

/** The Secret as it was read. */
export interface StoredSet {
  readonly set: CertificateSet;
  /** Undefined when there is no Secret. */
  readonly object: Readonly<Record<string, unknown>> | undefined;
}

/** The Secret in which all replicas share one set of certificates. */
export class CertificateSecret {
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #name: string;

  constructor(api: KubeApi, target: { readonly namespace: string; readonly name: string }) {
    this.#api = api;
    this.#namespace = target.namespace;
    this.#name = target.name;
  }

  /** Reads it; what is missing or garbled in it is an empty text. @throws KubeError, or the signal's reason */
  async read(signal: AbortSignal): Promise<StoredSet> {
    const path = resourcePath(kubeResources.secrets, { namespace: this.#namespace, name: this.#name });
    try {
      const answer = await this.#api.request({ method: 'GET', path, signal, tryTimeoutMs });
      const object = isObject(answer) ? answer : {};
      return { object, set: parseSet(object['data']) };
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 404) throw error;
      return { object: undefined, set: parseSet(undefined) };
    }
  }

  /**
   * Writes a set if the Secret still is as it was read. What else is in it stays.
   *
   * @returns false when it was made, changed or deleted since @throws KubeError, or the signal's reason
   */
  async write(before: StoredSet, set: CertificateSet, signal: AbortSignal): Promise<boolean> {
    const namespace = this.#namespace;
    const { object } = before;
    const others = isObject(object?.['data']) ? object['data'] : {};
    const path = resourcePath(kubeResources.secrets, {
      namespace,
      ...(object !== undefined && { name: this.#name }),
    });
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace, name: this.#name },
      type: 'kubernetes.io/tls',
      // Of an object that exists everything else stays, its resourceVersion is the condition.
      ...object,
      data: { ...others, ...encodeSet(set) },
    };
    const method = object === undefined ? 'POST' : 'PUT';
    try {
      await this.#api.request({ method, path, body, signal, tryTimeoutMs, retryForMs: 0 });
      return true;
    } catch (error) {
      const isOvertaken =
        error instanceof KubeError &&
        (error.status === 409 || (error.status === 404 && object !== undefined));
      if (isOvertaken) return false;
      throw error;
    }
  }
}

function parseSet(data: unknown): CertificateSet {
  const text = (key: string): string => {
    const value = isObject(data) ? data[key] : undefined;
    return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '';
  };
  return {
    server: { cert: text('tls.crt'), key: text('tls.key') },
    bundle: text('ca.crt'),
    authorityKey: text('ca.key'),
  };
}

function encodeSet({ server, bundle, authorityKey }: CertificateSet) {
  return {
    'tls.crt': encode(server.cert),
    'tls.key': encode(server.key),
    'ca.crt': encode(bundle),
    'ca.key': encode(authorityKey),
  };
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}
