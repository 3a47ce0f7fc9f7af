import { pause } from '../async/pause.ts';
import type { Logger } from '../log/logger.ts';
import { type KubeApi, KubeError } from './kube-api.ts';
import { type Lease, microTime, parseLease } from './lease.ts';
import { kubeResources, resourcePath } from './resource-path.ts';

/** Part by which waits differ, so that candidates do not come in step. */
const jitter = 0.2;

export interface LeaderElectionOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly namespace: string;
  /** Name of the Lease. */
  readonly name: string;
  /** What no other candidate has: the name of the pod. */
  readonly identity: string;
  /** Others take the lease over when it was not renewed for so long. @default 15_000 */
  readonly leaseMs?: number;
  /** The leader steps back when it could not renew for so long; less than `leaseMs`. @default 10_000 */
  readonly renewDeadlineMs?: number;
  /** Time between two tries. @default 2_000 */
  readonly retryMs?: number;
  /**
   * Told of the lease each time that this leader has written it: in its annotations others leave word for the leader. Must not throw.
   */
  onRenewed?(lease: Lease): void;
}

/** The lease was lost: somebody else leads, or may soon. Whoever led must stop everything at once. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly code = 'LEASE_LOST';
}

/**
 * Leader election by a Lease, with the rules of Kubernetes' own clients: whoever has not seen the holder's lease change for its whole
 * duration, by the watcher's own monotonic clock, may take it over; every write is on condition of the version that was read, so of
 * two only one succeeds; a leader that could not renew in time stops before anybody else may begin. Clocks are never compared.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #leaseMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryMs: number;
  /** The lease as read last, and since when it has been unchanged, by performance.now(). */
  #observed: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  #isLeader = false;
  readonly #notes = new Map<string, string>();

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryMs ?? 2_000;
  }

  /** Whether this candidate leads now. */
  get isLeader(): boolean {
    return this.#isLeader;
  }

  /** Writes an annotation with the next renewal, and keeps it while this candidate leads. */
  annotate(key: string, value: string): void {
    this.#notes.set(key, value);
  }

  /** Who leads as far as is known; empty when nobody does. */
  get leader(): string {
    return this.#observed?.lease.holder ?? '';
  }

  /**
   * Waits for the lease, then runs `lead` and renews until the signal is aborted; gives the lease back at the end, so that another
   * candidate need not wait. `lead` gets a signal that is aborted with the caller's or as soon as the lease is lost.
   *
   * @throws LeaseLostError when the lease could not be renewed in time or was taken; what `lead` throws
   */
  async run(signal: AbortSignal, lead: (signal: AbortSignal) => Promise<void>): Promise<void> {
    await this.#acquire(signal);
    if (signal.aborted) {
      await this.#release();
      return;
    }
    const { log, identity } = this.#options;
    log.info({ identity }, 'leading');
    const ending = new AbortController();
    const onAbort = (): void => ending.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const leading = lead(ending.signal).finally(() => ending.abort());
    try {
      await Promise.all([this.#renew(ending), leading]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      ending.abort();
      // Nothing may be done any more by the time that another leads.
      await leading.catch(() => undefined);
      await this.#release();
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (await this.#tryAcquire(signal)) return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof KubeError)) throw error;
        this.#options.log.debug({ err: error }, 'lease could not be read or written');
      }
      await pause(this.#retryMs * (1 + jitter * Math.random()), signal);
    }
  }

  async #tryAcquire(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#read(signal);
    if (lease !== undefined && lease.holder !== '' && lease.holder !== this.#options.identity) {
      const { sinceMs } = this.#observed ?? { sinceMs: performance.now() };
      const durationMs = Math.max(lease.durationSeconds * 1_000, this.#leaseMs);
      if (performance.now() - sinceMs < durationMs) return false;
    }
    return this.#write(lease, 'acquire', signal);
  }

  async #renew(ending: AbortController): Promise<void> {
    let renewedMs = performance.now();
    while (!ending.signal.aborted) {
      await pause(this.#retryMs, ending.signal);
      if (ending.signal.aborted) return;
      const leftMs = this.#renewDeadlineMs - (performance.now() - renewedMs);
      const limit = AbortSignal.any([ending.signal, AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)))]);
      const startedMs = performance.now();
      try {
        if (await this.#renewOnce(limit)) renewedMs = startedMs;
      } catch (error) {
        if (error instanceof LeaseLostError) {
          this.#isLeader = false;
          ending.abort(error);
          throw error;
        }
        this.#options.log.debug({ err: error }, 'lease could not be renewed');
      }
      if (ending.signal.aborted || performance.now() - renewedMs < this.#renewDeadlineMs) continue;
      this.#isLeader = false;
      const lost = new LeaseLostError(`the lease could not be renewed for ${this.#renewDeadlineMs} ms`);
      ending.abort(lost);
      throw lost;
    }
  }

  /** @returns false when another write came between @throws LeaseLostError when somebody else holds it */
  async #renewOnce(signal: AbortSignal): Promise<boolean> {
    const known = this.#observed?.lease;
    if (known !== undefined && (await this.#write(known, 'renew', signal))) return true;
    // Somebody has left word on it, or has taken it.
    const lease = await this.#read(signal);
    if (lease === undefined) return this.#write(undefined, 'renew', signal);
    if (lease.holder !== this.#options.identity) {
      throw new LeaseLostError(`${lease.holder === '' ? 'nobody' : lease.holder} holds the lease now`);
    }
    return this.#write(lease, 'renew', signal);
  }

  /** @returns false when it was changed or made by somebody else since it was read */
  async #write(before: Lease | undefined, kind: 'acquire' | 'renew', signal: AbortSignal): Promise<boolean> {
    const { identity, namespace, name } = this.#options;
    const nowText = microTime(Date.now());
    const isMine = before?.holder === identity;
    const transitions = before === undefined ? 0 : before.transitions + (isMine ? 0 : 1);
    const acquireTime = isMine && before.acquireTime !== '' ? before.acquireTime : nowText;
    const object = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: {
        namespace,
        name,
        ...(before && { resourceVersion: before.resourceVersion }),
        annotations: { ...before?.annotations, ...Object.fromEntries(this.#notes) },
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#leaseMs / 1_000),
        leaseTransitions: transitions,
        acquireTime: kind === 'acquire' && !isMine ? nowText : acquireTime,
        renewTime: nowText,
      },
    };
    const path = resourcePath(
      kubeResources.leases,
      before === undefined ? { namespace } : { namespace, name },
    );
    const method = before === undefined ? 'POST' : 'PUT';
    try {
      const answer = await this.#options.api.request({ method, path, body: object, signal, ...this.#limits });
      const lease = parseLease(answer);
      this.#observed = { lease, sinceMs: performance.now() };
      this.#isLeader = true;
      this.#options.onRenewed?.(lease);
      return true;
    } catch (error) {
      if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return false;
      throw error;
    }
  }

  async #read(signal: AbortSignal): Promise<Lease | undefined> {
    const { api, namespace, name } = this.#options;
    const path = resourcePath(kubeResources.leases, { namespace, name });
    try {
      const lease = parseLease(await api.request({ method: 'GET', path, signal, ...this.#limits }));
      // Word that somebody leaves on it is no sign of life of its holder.
      const before = this.#observed;
      const isSame =
        before?.lease.holder === lease.holder &&
        before.lease.renewTime === lease.renewTime &&
        before.lease.transitions === lease.transitions;
      this.#observed = { lease, sinceMs: isSame ? before.sinceMs : performance.now() };
      return lease;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) {
        this.#observed = undefined;
        return undefined;
      }
      throw error;
    }
  }

  /** Lets the next candidate begin at once. Never rejects: without it that one waits for the lease to end. */
  async #release(): Promise<void> {
    const { api, identity, log, namespace, name } = this.#options;
    const wasLeader = this.#isLeader;
    this.#isLeader = false;
    const lease = this.#observed?.lease;
    if (!wasLeader || lease === undefined || lease.holder !== identity) return;
    const path = resourcePath(kubeResources.leases, { namespace, name });
    const body = {
      metadata: { resourceVersion: lease.resourceVersion },
      spec: { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(Date.now()) },
    };
    try {
      await api.request({ method: 'PATCH', path, body, tryTimeoutMs: this.#retryMs, retryForMs: 0 });
    } catch (error) {
      log.debug({ err: error }, 'lease could not be given back');
    }
  }

  get #limits() {
    return { tryTimeoutMs: this.#renewDeadlineMs / 2, retryForMs: 0 };
  }
}
