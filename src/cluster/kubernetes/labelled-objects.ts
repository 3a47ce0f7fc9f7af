import type { Labels } from '../../ipam/facts.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { Reflector } from '../../kube/reflector.ts';
import { type KubeResource, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import { boundedLabels, pickAnnotations } from './bounded-labels.ts';
import { parseMetadata } from './object-metadata.ts';
import { readObject } from './read-object.ts';
import { SharedReads } from './shared-reads.ts';

/** What is kept of a node or a namespace. */
export interface LabelledObject {
  readonly name: string;
  /** Undefined when there are too many to keep. */
  readonly labels?: Labels;
  /** Only those that decisions read. */
  readonly annotations: Labels;
}

/** Which objects of the whole cluster are read, and what of them. */
export interface LabelledObjectsOptions {
  readonly api: KubeApi;
  readonly log: Logger;
  readonly resource: KubeResource;
  /** Kind as messages name it, such as `namespace`. */
  readonly what: string;
  readonly fieldSelector?: string;
  /** Keys of the annotations that decisions read. @default none */
  readonly annotations?: readonly string[];
}

/** Labels and annotations of nodes or namespaces: of their objects only the metadata is ever sent. */
export class LabelledObjects {
  readonly #options: LabelledObjectsOptions;
  readonly #watch: Reflector<LabelledObject>;
  readonly #reads = new SharedReads<LabelledObject | undefined>();

  constructor(options: LabelledObjectsOptions) {
    this.#options = options;
    const { api, log, resource, fieldSelector } = options;
    this.#watch = new Reflector({
      api,
      log,
      name: resource.plural,
      path: resourcePath(resource),
      view: 'metadata',
      ...(fieldSelector !== undefined && { query: { fieldSelector } }),
      parse: (object) => this.#parse(object),
      keyOf: ({ name }) => name,
    });
  }

  /** Watches until the signal is aborted. Never rejects. */
  run(signal: AbortSignal): Promise<void> {
    return this.#watch.run(signal);
  }

  /** Waits until all have been read once. */
  synced(signal: AbortSignal): Promise<void> {
    return this.#watch.synced(signal);
  }

  get isSynced(): boolean {
    return this.#watch.isSynced;
  }

  /** As last heard of. */
  get(name: string): LabelledObject | undefined {
    return this.#watch.items.get(name);
  }

  /**
   * As last heard of, or read live where the watch does not know it yet.
   *
   * @throws CniError with code 11 when it can't be read now
   */
  async find(name: string, signal: AbortSignal): Promise<LabelledObject | undefined> {
    const known = this.get(name);
    if (known !== undefined) return known;
    const { api, resource, what } = this.#options;
    return this.#reads.get(name, signal, (shared) =>
      readObject(api, resourcePath(resource, { name }), (object) => this.#parse(object), {
        what: `${what} ${name}`,
        view: 'metadata',
        signal: shared,
      }),
    );
  }

  #parse(object: unknown): LabelledObject {
    const { name, labels: all, annotations } = parseMetadata(object);
    const labels = boundedLabels(all);
    return {
      name,
      ...(labels && { labels }),
      annotations: pickAnnotations(annotations, this.#options.annotations ?? []),
    };
  }
}
