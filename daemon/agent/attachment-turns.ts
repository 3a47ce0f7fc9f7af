import type { AgentMetrics } from '../../src/metrics/agent-metrics.ts';
import type { Operation } from '../../src/metrics/operation-metrics.ts';
import { type Attachment, attachmentKey } from './attachment.ts';
import type { KeyedMutex } from './keyed-mutex.ts';

/** Work on one attachment is done one after the other, since runtimes use container ids again; how long it waits is measured. */
export class AttachmentTurns {
  readonly #mutex: KeyedMutex;
  readonly #metrics: AgentMetrics;

  /** @param mutex shared with everything else that works on attachments */
  constructor(mutex: KeyedMutex, metrics: AgentMetrics) {
    this.#mutex = mutex;
    this.#metrics = metrics;
  }

  /** Runs a task when all earlier work on the attachment is done. @throws what the signal was aborted with, before the task starts */
  run<T>(
    operation: Operation,
    attachment: Pick<Attachment, 'sandbox' | 'nic'>,
    signal: AbortSignal | undefined,
    task: () => Promise<T>,
  ): Promise<T> {
    const sinceMs = performance.now();
    return this.#mutex.run(attachmentKey(attachment), signal, () => {
      this.#metrics.waited(operation, sinceMs);
      return task();
    });
  }
}
