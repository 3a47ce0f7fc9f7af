import type { Dispatcher } from 'undici';
import { parseExactJson } from '../api/exact-json.ts';
import { Exchange } from './exchange.ts';
import { KubeError, type WatchEvent } from './kube-api.ts';
import { answerFailure, brokenFailure, type RequestName } from './kube-failure.ts';
import { LineSplitter } from './line-splitter.ts';

/** The largest object that etcd takes has 1.5 MiB; its JSON is larger by its escapes and by what the API server adds. */
const lineBytesMax = 16 * 1024 * 1024;

/** An API server sends the head of its answer as soon as it has taken a watch on. */
const openMsMax = 30_000;

/** An answer that refuses a watch is a Status object. */
const refusalBytesMax = 1024 * 1024;

const eventTypes: ReadonlySet<unknown> = new Set<WatchEvent['type']>([
  'ADDED',
  'MODIFIED',
  'DELETED',
  'BOOKMARK',
  'ERROR',
]);

/** One watch: an answer without an end, in lines (Kubernetes API concepts, "Efficient detection of changes"). Used once. */
export class WatchStream {
  readonly #name: RequestName;
  readonly #signal: AbortSignal;
  readonly #closing: AbortSignal;
  readonly #exchange = new Exchange();
  readonly #stop = new AbortController();
  readonly #silenceMsMax: number;
  #silence: NodeJS.Timeout;
  readonly #onAbort = (): void =>
    this.#stop.abort(this.#signal.aborted ? this.#signal.reason : this.#closing.reason);

  /**
   * @param silenceMsMax a stream in which nothing comes for longer is cut: its other end may be gone
   * @param signal the caller's
   * @param closing the client's own end
   */
  constructor(name: RequestName, silenceMsMax: number, signal: AbortSignal, closing: AbortSignal) {
    this.#name = name;
    this.#signal = signal;
    this.#closing = closing;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    closing.addEventListener('abort', this.#onAbort, { once: true });
    this.#silenceMsMax = silenceMsMax;
    this.#silence = this.#cutAfter(Math.min(openMsMax, silenceMsMax));
  }

  /**
   * Sends the request and waits for the head of the answer.
   *
   * @throws KubeError, or the signal's reason
   */
  async open(dispatcher: Dispatcher, options: Dispatcher.DispatchOptions): Promise<void> {
    await this.#guard(async () => {
      // Aborted before this object was there to be told.
      this.#signal.throwIfAborted();
      this.#closing.throwIfAborted();
      const head = await this.#exchange.start(dispatcher, options, this.#stop.signal);
      clearTimeout(this.#silence);
      this.#silence = this.#cutAfter(this.#silenceMsMax);
      if (head.status !== 200) {
        throw answerFailure(this.#name, head, await this.#exchange.readAll(refusalBytesMax));
      }
    });
  }

  /**
   * What is heard, until the API server ends the watch.
   *
   * @throws KubeError, or the signal's reason
   */
  async *events(): AsyncGenerator<WatchEvent> {
    const splitter = new LineSplitter(lineBytesMax);
    while (true) {
      const lines = await this.#guard(async () => {
        const piece = await this.#exchange.next();
        this.#silence.refresh();
        if (piece !== undefined) return splitter.push(piece).map(parseEvent);
        if (splitter.pendingBytes > 0) throw new Error('it ended within a line');
        return undefined;
      });
      if (lines === undefined) return;
      for (const event of lines) {
        this.#signal.throwIfAborted();
        yield event;
      }
    }
  }

  /** Ends the watch where it stands. */
  close(): void {
    clearTimeout(this.#silence);
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#closing.removeEventListener('abort', this.#onAbort);
    this.#stop.abort(new Error('the watch is closed'));
  }

  #cutAfter(limitMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#stop.abort(new Error(`silent for ${limitMs} ms`));
    }, limitMs);
  }

  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof KubeError) throw error;
      this.#signal.throwIfAborted();
      throw brokenFailure(this.#name, error, this.#exchange.isSent);
    }
  }
}

function parseEvent(line: string): WatchEvent {
  const event = parseExactJson(line);
  if (typeof event !== 'object' || event === null || !('type' in event) || !eventTypes.has(event.type)) {
    throw new Error('a line is not an event of a watch');
  }
  const { type, object } = event as { readonly type: WatchEvent['type']; readonly object?: unknown };
  return { type, object };
}
