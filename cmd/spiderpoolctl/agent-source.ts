import { sweepText } from '../../src/cli/sweep-text.ts';
import {
  allocationsSchema,
  type ExplainShape,
  explainSchema,
  type PoolsShape,
  poolsSchema,
  type ReleasedShape,
  releasedSchema,
  sweepSchema,
  type WhoShape,
  whoSchema,
} from '../../src/wire/shapes.ts';
import type { AgentClient } from './agent-client.ts';
import { CtlError } from './ctl-error.ts';
import { composeExplainRequest, composeNetworkConfig } from './explain-request.ts';
import type {
  AllocationFilter,
  AllocationPage,
  Answer,
  Collected,
  ExplainQuestion,
  Source,
} from './source.ts';

/** Records a page: about 1 MiB, which the agent encodes without keeping others waiting. */
const pageLimit = 1000;

/** Ten million records are more than one host can have; an agent whose pages never end must not be asked for ever. */
const pagesMax = 10_000;

/** The agent of this host, by its socket. */
export class AgentSource implements Source {
  readonly title: string;
  readonly #client: AgentClient;
  readonly #signal: AbortSignal;

  constructor(client: AgentClient, signal: AbortSignal) {
    this.title = `the agent on ${client.socketPath}`;
    this.#client = client;
    this.#signal = signal;
  }

  async pools(name?: string): Promise<Answer<PoolsShape>> {
    const answer = await this.#client.send({ method: 'GET', path: '/v1/pools' }, poolsSchema, this.#signal);
    if (name === undefined) return answer;
    // The schema has just proven this shape.
    const body = answer.body as { readonly pools: readonly unknown[] };
    const isNamed = (_: unknown, index: number): boolean => answer.value.pools[index]?.name === name;
    const pools = answer.value.pools.filter(isNamed);
    if (pools.length === 0) throw new CtlError('CTL_REFUSED', `${this.title} has no pool ${name}`);
    return {
      body: { ...body, pools: body.pools.filter(isNamed), problems: [] },
      value: { pools, problems: [] },
    };
  }

  async *allocations(filter: AllocationFilter): AsyncGenerator<AllocationPage> {
    const { pool, node, pod, sandbox, uid, nic, network } = filter;
    let after: string | undefined;
    for (let pages = 0; pages < pagesMax; pages += 1) {
      const { body, value } = await this.#client.send(
        {
          method: 'GET',
          path: '/v1/allocations',
          query: { pool, node, sandbox, uid, nic, network, limit: String(pageLimit), after },
        },
        allocationsSchema,
        this.#signal,
      );
      // The schema has just proven this shape.
      const { allocations: bodies } = body as { readonly allocations: readonly unknown[] };
      const isAsked = (index: number): boolean =>
        pod === undefined || value.allocations[index]?.holders.some((holder) => holder.pod === pod) === true;
      yield {
        bodies: bodies.filter((_, index) => isAsked(index)),
        values: value.allocations.filter((_, index) => isAsked(index)),
      };
      if (value.next === undefined) return;
      if (value.next === after) break;
      after = value.next;
    }
    throw new CtlError(
      'CTL_AGENT_AWAY',
      `the agent's pages of allocations don't end (after ${after}): its log may tell why`,
    );
  }

  async who(address: string): Promise<Answer<WhoShape>> {
    // An address has no character that a path would have to escape (RFC 3986, section 3.3: a segment may contain colons).
    const asked = { method: 'GET', path: `/v1/allocations/${address}` } as const;
    return this.#client.send(asked, whoSchema, this.#signal);
  }

  async explain({ options, config, pod, node }: ExplainQuestion): Promise<Answer<ExplainShape>> {
    if (pod !== undefined || node !== undefined) {
      throw new CtlError(
        'CTL_USAGE',
        'an agent explains what it would do now on its own node: --manifest and --node ask a cluster, name it with --kubeconfig',
      );
    }
    const request = composeExplainRequest(config ?? composeNetworkConfig(options), options);
    return this.#client.send(
      { method: 'POST', path: '/v1/explain', body: request },
      explainSchema,
      this.#signal,
    );
  }

  async release({ address, allocation }: WhoShape): Promise<Answer<ReleasedShape>> {
    const holder = allocation?.holders.at(-1);
    return this.#client.send(
      {
        method: 'DELETE',
        path: `/v1/allocations/${address}`,
        // The record that the person saw: by now the address may be somebody else's.
        query: { uid: holder?.uid, sandbox: holder?.sandbox },
      },
      releasedSchema,
      this.#signal,
    );
  }

  async collect(): Promise<Collected> {
    const asked = { method: 'POST', path: '/v1/gc' } as const;
    const { body, value } = await this.#client.send(asked, sweepSchema, this.#signal);
    return { body, text: () => sweepText(value) };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
