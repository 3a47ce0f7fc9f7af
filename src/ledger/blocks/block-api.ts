import { apiVersion } from '../../api/resources.ts';
import { type Address, formatAddress } from '../../ip/address.ts';
import { formatRange } from '../../ip/range.ts';
import type { KubeApi } from '../../kube/kube-api.ts';
import { KubeError } from '../../kube/kube-api.ts';
import { kubeResources, resourcePath } from '../../kube/resource-path.ts';
import type { Logger } from '../../log/logger.ts';
import { Block, type ReportUnreadable } from './block.ts';
import { baseOfBlockName, blockName, blockRange } from './block-name.ts';
import { blockLabel, blockLabelValue } from './labels.ts';

/** One for all agents: each manager of a field is an entry in every object's managedFields. */
const fieldManager = 'spiderpool-agent';

/** Blocks in a page: some 2 MB of records, read in about 20 ms. */
const pageLimit = 64;
/** Blocks in a page without their slots. */
const labelsPageLimit = 500;
/** How often a list is begun anew because its continuation has expired (410) or it has changed under us. */
const listTriesMax = 3;
/** Slots that can't be read are reported once each, up to so many. */
const reportsMax = 1000;

/** A label selector, such as `key` or `key=value`. */
export type Selector = string;

/** One operation of a JSON Patch (RFC 6902). */
export interface PatchOperation {
  readonly op: 'test' | 'replace' | 'add' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** Where a block is and what its labels say. */
export interface BlockLabels {
  readonly base: Address;
  readonly labels: Readonly<Record<string, string>>;
}

/** Continues a list of the API server where a page ended. */
export type ContinueToken = string;

/** The SpiderIPBlocks of the API server. All methods throw KubeError. */
export class BlockApi {
  readonly #api: KubeApi;
  readonly #log: Logger | undefined;
  readonly #reported = new Set<string>();

  constructor(api: KubeApi, log: Logger | undefined) {
    this.#api = api;
    this.#log = log;
  }

  /** A quorum read. A block that does not exist is one whose addresses were never used. @param retryForMs of the request */
  async get(base: Address, signal: AbortSignal, retryForMs?: number): Promise<Block> {
    try {
      const object = await this.#api.request({
        method: 'GET',
        path: pathOf(base),
        signal,
        ...(retryForMs !== undefined && { retryForMs }),
      });
      return this.#parse(object, base);
    } catch (error) {
      if (error instanceof KubeError && error.status === 404) return Block.missing(base);
      throw error;
    }
  }

  /** Writes a block that must not exist. One try. */
  async create(
    base: Address,
    {
      slots,
      labels,
    }: { readonly slots: readonly unknown[]; readonly labels: Readonly<Record<string, string>> },
    signal?: AbortSignal,
  ): Promise<Block> {
    const object = await this.#api.request({
      method: 'POST',
      path: resourcePath(kubeResources.blocks),
      query: { fieldManager },
      body: {
        apiVersion,
        kind: 'SpiderIPBlock',
        metadata: { name: blockName(base), labels: { [blockLabel]: blockLabelValue, ...labels } },
        spec: { base: formatAddress(base), range: formatRange(blockRange(base)), slots },
      },
      retryForMs: 0,
      ...(signal && { signal }),
    });
    return this.#parse(object, base);
  }

  /** Applies all operations or none. One try. */
  async patch(base: Address, operations: readonly PatchOperation[], signal?: AbortSignal): Promise<Block> {
    const object = await this.#api.request({
      method: 'PATCH',
      patchType: 'json',
      path: pathOf(base),
      query: { fieldManager },
      body: operations,
      retryForMs: 0,
      ...(signal && { signal }),
    });
    return this.#parse(object, base);
  }

  /**
   * Deletes a block if it still is as it was read. One try.
   *
   * @returns false when it was changed since, or is gone
   */
  async delete({ base, uid, resourceVersion }: Block, signal?: AbortSignal): Promise<boolean> {
    try {
      await this.#api.request({
        method: 'DELETE',
        path: pathOf(base),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
        retryForMs: 0,
        ...(signal && { signal }),
      });
      return true;
    } catch (error) {
      if (error instanceof KubeError && (error.status === 404 || error.status === 409)) return false;
      throw error;
    }
  }

  /** The blocks of one state of the store that have these labels, in address order, a page at a time. */
  async *list(selector: Selector, signal?: AbortSignal): AsyncGenerator<readonly Block[], void, undefined> {
    let token: ContinueToken | undefined;
    do {
      const page = await this.page(selector, token, signal);
      yield page.blocks;
      token = page.next;
    } while (token !== undefined);
  }

  /** One page of a list. */
  async page(
    selector: Selector,
    token: ContinueToken | undefined,
    signal?: AbortSignal,
  ): Promise<{ readonly blocks: readonly Block[]; readonly next: ContinueToken | undefined }> {
    const answer = await this.#listPage({ selector, token, limit: pageLimit, view: 'whole', signal });
    const blocks = answer.items.flatMap((item) => Block.parse(item, this.#report) ?? []);
    return { blocks, next: answer.next };
  }

  /** Where the blocks are that have these labels, without their slots, in address order. */
  async labels(selector: Selector, signal?: AbortSignal): Promise<readonly BlockLabels[]> {
    return restarting(async () => {
      const found: BlockLabels[] = [];
      let token: ContinueToken | undefined;
      do {
        const page = await this.#listPage({
          selector,
          token,
          limit: labelsPageLimit,
          view: 'metadata',
          signal,
        });
        for (const item of page.items) {
          const { name, labels } = (item as { metadata: { name: string; labels?: Record<string, string> } })
            .metadata;
          const base = baseOfBlockName(name);
          if (base !== undefined) found.push({ base, labels: labels ?? {} });
        }
        token = page.next;
      } while (token !== undefined);
      return found;
    });
  }

  async #listPage(options: {
    readonly selector: Selector;
    readonly token: ContinueToken | undefined;
    readonly limit: number;
    readonly view: 'whole' | 'metadata';
    readonly signal: AbortSignal | undefined;
  }): Promise<{ readonly items: readonly unknown[]; readonly next: ContinueToken | undefined }> {
    const { selector, token, limit, view, signal } = options;
    const answer = await this.#api.request({
      method: 'GET',
      path: resourcePath(kubeResources.blocks),
      query: { labelSelector: selector, limit, continue: token },
      view,
      ...(signal && { signal }),
    });
    const { items, metadata } = answer as {
      readonly items?: readonly unknown[] | null;
      readonly metadata?: { readonly continue?: string };
    };
    return { items: items ?? [], next: metadata?.continue === '' ? undefined : metadata?.continue };
  }

  #parse(object: unknown, base: Address): Block {
    const block = Block.parse(object, this.#report);
    if (block !== undefined && block.base === base) return block;
    throw new KubeError(`the answer is not the block ${blockName(base)}`, { status: 0, fate: 'unknown' });
  }

  readonly #report: ReportUnreadable = (block, index, reason) => {
    const key = `${block.name}/${index}`;
    if (this.#reported.has(key) || this.#reported.size >= reportsMax) return;
    this.#reported.add(key);
    this.#log?.error(
      { block: block.name, slot: index, reason },
      'slot can not be read, its address is not given out',
    );
  };
}

/** Repeats a reading of several pages that can't be continued because the store has moved on too far. */
export async function restarting<T>(read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof KubeError) || error.status !== 410 || tries === listTriesMax) throw error;
    }
  }
}

function pathOf(base: Address): string {
  return resourcePath(kubeResources.blocks, { name: blockName(base) });
}
