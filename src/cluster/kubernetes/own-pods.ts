import { CniCode, CniError } from '../../cni/error.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { Reflector } from '../../kube/reflector.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import type { PodHolder, PodState } from '../cluster.ts';
import { type NamedPod, podRefusal, podText } from './pod-refusal.ts';
import { deathOf, isFinished, isPodUid, type PodView, parsePodView } from './pod-view.ts';
import { readObject } from './read-object.ts';
import { SharedReads } from './shared-reads.ts';

/**
 * The API server sends something on a watch about every minute (bookmarks) where anything changes. After three such times without a
 * word, what was heard of pods may be old.
 */
const silenceMaxMsDefault = 180_000;

/** How much the watch may lag behind a live reading while it is heard. */
const lagMaxMs = 30_000;

/** Pods that were read before the watch told of them: those of one burst of ADDs; the oldest is forgotten. */
const aheadMax = 1024;

/** A pod that is gone: deleted, finished, or replaced by another of its name. */
export type GonePod = Pick<PodView, 'namespace' | 'name' | 'uid'>;

/** What the pods of this node are read with. */
export interface OwnPodsOptions {
  readonly api: KubeApi;
  readonly nodeName: string;
  readonly log: Logger;
  /** How long the watch may be silent before it tells nothing any more. @default 180_000 */
  readonly silenceMaxMs?: number;
}

/**
 * The living pods of this node: watched, and read live where the watch does not know better. Those that have ended are not held.
 */
export class OwnPods {
  readonly #api: KubeApi;
  readonly #nodeName: string;
  readonly #silenceMaxMs: number;
  readonly #watch: Reflector<PodView>;
  readonly #reads = new SharedReads<PodView | undefined>();
  /** Pods that a live reading showed before the watch did. */
  readonly #ahead = new Map<string, { readonly pod: PodView; readonly sinceMs: number }>();
  readonly #listeners: ((pod: GonePod) => void)[] = [];

  constructor({ api, nodeName, log, silenceMaxMs = silenceMaxMsDefault }: OwnPodsOptions) {
    this.#api = api;
    this.#silenceMaxMs = silenceMaxMs;
    this.#nodeName = nodeName;
    this.#watch = new Reflector<PodView>({
      api,
      log,
      name: 'pods',
      path: resourcePath(kubeResources.pods),
      query: { fieldSelector: `spec.nodeName=${nodeName},status.phase!=Succeeded,status.phase!=Failed` },
      parse: parsePodView,
      keyOf,
      onChange: (key, now, before) => this.#changed(key, now, before),
    });
  }

  /** Watches until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.#watch.run(signal);
  }

  /** Waits until all pods of this node have been read once. */
  synced(signal: AbortSignal): Promise<void> {
    return this.#watch.synced(signal);
  }

  get isSynced(): boolean {
    return this.#watch.isSynced;
  }

  /** Whether all pods were read, and the watch told something lately. */
  get isCurrent(): boolean {
    return this.#watch.isSynced && performance.now() - this.#watch.lastHeardMs <= this.#silenceMaxMs;
  }

  /** Calls the listener for each pod that ends; it must not throw. A pod may be told twice: when it ends, and when it is removed. */
  onGone(listener: (pod: GonePod) => void): void {
    this.#listeners.push(listener);
  }

  /** A pod of this node as last heard of. */
  get(namespace: string, name: string): PodView | undefined {
    const key = keyOf({ namespace, name });
    return this.#aheadOf(key) ?? this.#watch.items.get(key);
  }

  /**
   * The pod that a runtime asks addresses for. A runtime that names no UID can't be told from one that speaks of the former pod
   * of the name, so the pod is then always read.
   *
   * @throws CniError with code 108 when it is not alive on this node, 11 when it can't be read now
   */
  async living(asked: NamedPod, signal: AbortSignal): Promise<PodView> {
    const known = this.get(asked.namespace, asked.name);
    const isKnown = known !== undefined && asked.uid !== undefined && isPodUid(known, asked.uid);
    const pod = isKnown ? known : await this.read(asked, signal);
    const refusal = podRefusal(asked, pod, this.#nodeName);
    if (refusal !== undefined || pod === undefined) throw new CniError(CniCode.podNotAlive, refusal ?? '');
    if (!isKnown) this.#remember(pod);
    return pod;
  }

  /**
   * Reads a pod of any node live; those who ask for the same UID share a reading.
   *
   * @throws CniError with code 11 when it can't be read now
   */
  read(asked: NamedPod, signal?: AbortSignal): Promise<PodView | undefined> {
    const { namespace, name, uid = '' } = asked;
    const path = resourcePath(kubeResources.pods, { namespace, name });
    return this.#reads.get(`${namespace}/${name}/${uid}`, signal, (shared) =>
      readObject(this.#api, path, parsePodView, { what: podText(asked), signal: shared }),
    );
  }

  /**
   * The state of a holder's pod as last heard of. While the watch is silent, or has not begun, it tells nothing of pods that live
   * or that it does not know: only what is known to be gone may be freed.
   */
  state({ pod: { namespace, name }, uid }: PodHolder): PodState {
    if (name === '') return 'unknown';
    const pod = this.get(namespace, name);
    const state = pod !== undefined && isHolderOf(pod, uid) ? stateOf(pod) : undefined;
    if (state === 'gone' || state === 'ending') return state;
    return this.isCurrent ? (state ?? 'gone') : 'unheard';
  }

  /** How long the containers of a holder's pod get to end, by what was last heard of it; 0 when nothing was. */
  endingGraceMs({ pod: { namespace, name }, uid }: PodHolder): number {
    const pod = this.get(namespace, name);
    return pod !== undefined && isHolderOf(pod, uid) ? (pod.deletionGraceSeconds ?? 0) * 1000 : 0;
  }

  /**
   * The state of a holder's pod by a quorum read.
   *
   * @throws CniError with code 11 when it can't be read now
   */
  async readState({ pod: { namespace, name }, uid }: PodHolder, signal?: AbortSignal): Promise<PodState> {
    if (name === '') return 'unknown';
    const pod = await this.read({ namespace, name, ...(uid !== '' && { uid }) }, signal);
    return pod !== undefined && isHolderOf(pod, uid) ? stateOf(pod) : 'gone';
  }

  #changed(key: string, now: PodView | undefined, before: PodView | undefined): void {
    const ahead = this.#ahead.get(key)?.pod.uid;
    if (ahead !== undefined && (ahead === now?.uid || ahead === before?.uid)) this.#ahead.delete(key);
    if (before === undefined) return;
    const isOther = now?.uid !== before.uid;
    const hasEnded = now !== undefined && deathOf(now) !== undefined && deathOf(before) === undefined;
    if (!isOther && !hasEnded) return;
    const { namespace, name, uid } = before;
    for (const listener of this.#listeners) listener({ namespace, name, uid });
  }

  #remember(pod: PodView): void {
    const key = keyOf(pod);
    if (this.#watch.items.get(key)?.uid === pod.uid) return;
    this.#ahead.delete(key);
    this.#ahead.set(key, { pod, sinceMs: performance.now() });
    for (const oldest of this.#ahead.keys()) {
      if (this.#ahead.size <= aheadMax) return;
      this.#ahead.delete(oldest);
    }
  }

  /** Only while the watch can't have told of the pod: what it then does not know has ended in between. */
  #aheadOf(key: string): PodView | undefined {
    const ahead = this.#ahead.get(key);
    if (ahead === undefined) return undefined;
    if (!this.#watch.isSynced || this.#watch.lastHeardMs <= ahead.sinceMs + lagMaxMs) return ahead.pod;
    this.#ahead.delete(key);
    return undefined;
  }
}

function keyOf({ namespace, name }: NamedPod): string {
  return `${namespace}/${name}`;
}

/** Imported records, and those of runtimes that name no pod's UID, have none: their pod goes by its name. */
function isHolderOf(pod: PodView, uid: string): boolean {
  return uid === '' || isPodUid(pod, uid);
}

function stateOf(pod: PodView): 'living' | 'ending' | 'gone' {
  if (deathOf(pod) === undefined) return 'living';
  return pod.deleting && !isFinished(pod) ? 'ending' : 'gone';
}
