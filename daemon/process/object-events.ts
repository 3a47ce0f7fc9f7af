import { EventEmitter, once } from 'node:events';
import type { KubeApi } from '../../src/kube/kube-api.ts';
import { KubeError } from '../../src/kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../src/kube/resource-path.ts';
import type { Logger } from '../../src/log/logger.ts';
import {
  type EventReporter,
  type EventType,
  eventNamespace,
  eventObject,
  eventText,
  type InvolvedObject,
  type ObjectEvent,
} from './event-object.ts';
import { rest } from './rest.ts';

/** Events that are remembered. The one that happened longest ago is forgotten first. */
const eventsMax = 1024;

/** One event is written at most so often; what goes wrong is mostly tried again every few seconds. */
const writeEveryMsDefault = 10_000;

/** Writes in a row, and one more with each second after: a node full of refused pods must not load the API server. */
const burstMax = 50;
const refillMs = 1_000;

/** A write waits no longer than this: the next one says the same. */
const writeTimeoutMs = 5_000;

export interface ObjectEventsOptions {
  readonly api: KubeApi;
  readonly reporter: EventReporter;
  readonly log: Logger;
  /** The least time between two writes of one event, in milliseconds. @default 10_000 */
  readonly writeEveryMs?: number;
}

/** What happened to an object. */
export interface Occurrence {
  readonly type: EventType;
  readonly reason: string;
  /** Of one event the newest message is told. */
  readonly message: string;
  /** Occurrences of one object, reason and cause are one event. @default the message */
  readonly cause?: string;
}

interface Entry {
  event: ObjectEvent;
  /** True when something happened that is not written yet. */
  isDirty: boolean;
  /** Set once the event stands in the API server, under this name. */
  name: string | undefined;
  writtenMs: number;
}

/**
 * Tells people what happens to objects, as Kubernetes events: behind the work, one event for a cause however often it happens, and none
 * when there are too many.
 */
export class ObjectEvents {
  readonly #options: ObjectEventsOptions;
  readonly #writeEveryMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #arrivals = new EventEmitter<{ event: [] }>();
  #tokens = burstMax;
  #refilledMs = performance.now();

  constructor(options: ObjectEventsOptions) {
    this.#options = options;
    this.#writeEveryMs = options.writeEveryMs ?? writeEveryMsDefault;
  }

  /** Notes that something happened. Costs nothing and never fails. */
  tell(involved: InvolvedObject, { type, reason, message, cause = message }: Occurrence): void {
    const { kind, namespace, name, uid } = involved;
    const key = [kind, namespace, name, uid, type, reason, cause].join('\0');
    const lastMs = Date.now();
    const before = this.#entries.get(key);
    const { count, firstMs } = before?.event ?? { count: 0, firstMs: lastMs };
    const event = { involved, type, reason, message: eventText(message), count: count + 1, firstMs, lastMs };
    // The same entry goes on: it may be being written right now, and then gets the event's name.
    const entry = before ?? { event, isDirty: true, name: undefined, writtenMs: Number.NEGATIVE_INFINITY };
    entry.event = event;
    entry.isDirty = true;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const [oldest] of this.#entries) {
      if (this.#entries.size <= eventsMax) break;
      this.#entries.delete(oldest);
    }
    this.#arrivals.emit('event');
  }

  /** Writes events until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const nowMs = performance.now();
      const waitMs = this.#nextWaitMs(nowMs);
      if (waitMs === undefined) await once(this.#arrivals, 'event', { signal }).catch(() => undefined);
      else if (waitMs > 0) await rest(Math.min(waitMs, refillMs), signal);
      else await this.#writeDue(nowMs, signal);
    }
  }

  /** Until something may be written, in milliseconds; undefined when there is nothing. */
  #nextWaitMs(nowMs: number): number | undefined {
    const due = [...this.#entries.values()].filter(({ isDirty }) => isDirty);
    if (due.length === 0) return undefined;
    return Math.max(0, Math.min(...due.map(({ writtenMs }) => writtenMs + this.#writeEveryMs - nowMs)));
  }

  async #writeDue(nowMs: number, signal: AbortSignal): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (signal.aborted) return;
      if (!entry.isDirty || entry.writtenMs + this.#writeEveryMs > nowMs) continue;
      entry.isDirty = false;
      entry.writtenMs = nowMs;
      if (this.#takeToken()) await this.#write(entry, signal);
    }
  }

  #takeToken(): boolean {
    const refilled = Math.floor((performance.now() - this.#refilledMs) / refillMs);
    this.#tokens = Math.min(burstMax, this.#tokens + refilled);
    this.#refilledMs += refilled * refillMs;
    if (this.#tokens === 0) return false;
    this.#tokens -= 1;
    return true;
  }

  async #write(entry: Entry, signal: AbortSignal): Promise<void> {
    const { log } = this.#options;
    try {
      if (entry.name !== undefined && (await this.#update(entry, entry.name, signal))) return;
      entry.name = await this.#create(entry.event, signal);
    } catch (error) {
      // An event is worth one try: what goes on happens again.
      log.debug({ err: error, involved: entry.event.involved }, 'an event was not written');
    }
  }

  /** @returns false when the event is gone: the API server keeps them for an hour */
  async #update({ event }: Entry, name: string, signal: AbortSignal): Promise<boolean> {
    const path = resourcePath(kubeResources.events, { namespace: eventNamespace(event.involved), name });
    const { count, lastTimestamp, message } = eventObject(event, this.#options.reporter, name);
    try {
      await this.#request('PATCH', path, { count, lastTimestamp, message }, signal);
      return true;
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return false;
      throw error;
    }
  }

  async #create(event: ObjectEvent, signal: AbortSignal): Promise<string> {
    const object = eventObject(event, this.#options.reporter);
    const path = resourcePath(kubeResources.events, { namespace: eventNamespace(event.involved) });
    await this.#request('POST', path, object, signal);
    return object.metadata.name;
  }

  async #request(method: 'POST' | 'PATCH', path: string, body: object, signal: AbortSignal): Promise<void> {
    const { api } = this.#options;
    await api.request({ method, path, body, signal, tryTimeoutMs: writeTimeoutMs, retryForMs: 0 });
  }
}
