import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import * as z from 'zod';
import { openApiDocument } from '../../../src/wire/openapi.ts';
import { poolManifest, type ServedRoutes, serveRoutes } from './testing/served-routes.ts';

interface Media {
  readonly schema: object;
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>;
}
interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly $ref?: string; readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Record<string, Media> }>
  >;
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>;
    readonly responses: Readonly<Record<string, { readonly content: Record<string, Media> }>>;
  };
}

const document = JSON.parse(JSON.stringify(openApiDocument())) as Document;

/** The same schemas, except that objects have no other keys than the described ones: what the agent answers must be described. */
const closedSchemas = closed(document.components.schemas) as Record<string, object>;

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed);
  if (typeof node !== 'object' || node === null) {
    return typeof node === 'string' ? node.replace('#/components/schemas/', '#/$defs/') : node;
  }
  const entries = Object.entries(node).map(([key, value]) => [key, closed(value)]);
  const copy = Object.fromEntries(entries) as Record<string, unknown>;
  if (copy['type'] === 'object' && 'properties' in copy) copy['additionalProperties'] ??= false;
  return copy;
}

/** Asserts that a value is what the schema of the document describes. */
function assertFits(schema: object, value: unknown, where: string): void {
  const whole = { ...(closed(schema) as object), $defs: closedSchemas };
  const checked = z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value);
  assert.ok(checked.success, `${where}: ${checked.error?.message}\n${JSON.stringify(value)}`);
}

function operationOf(method: string, path: string): Operation {
  const operation = document.paths[path]?.[method.toLowerCase()];
  assert.ok(operation, `${method} ${path} is not in the document`);
  return operation;
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
);

/** The example of a request in the document. */
function exampleOf(method: string, path: string): unknown {
  return operationOf(method, path).requestBody?.content['application/json']?.examples?.['example']?.value;
}

describe('openApiDocument()', () => {
  test('openApiDocument() has schemas that refuse what is missing, wrong or not described', () => {
    const schema = { $ref: '#/components/schemas/Error' };
    assertFits(schema, { code: 7, msg: 'why' }, 'a refusal');
    for (const value of [{ code: 7 }, { code: '7', msg: 'why' }, { code: 7, msg: 'why', more: 1 }]) {
      assert.throws(() => assertFits(schema, value, 'not a refusal'), /not a refusal/);
    }
  });

  test('openApiDocument() has each operation under a name of its own, with the parameters of its path', () => {
    assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, operations.length);
    for (const { path, method, operation } of operations) {
      const inPath = operation.parameters.filter((parameter) => parameter.in === 'path');
      const inTemplate = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      assert.deepEqual(
        inPath.map(({ name }) => name),
        inTemplate,
        `${method} ${path}`,
      );
    }
  });

  test('openApiDocument() refers to what it has only, and uses all that it has', () => {
    const references = new Set(
      [...JSON.stringify(document).matchAll(/"#(\/components\/[^"]+)"/g)].map((m) => m[1] ?? ''),
    );
    const components = Object.entries(document.components).flatMap(([kind, named]) =>
      Object.keys(named).map((name) => `/components/${kind}/${name}`),
    );
    assert.deepEqual([...references].toSorted(), components.toSorted());
  });

  test('openApiDocument() has no path that docs/api.md does not name', () => {
    const manual = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    assert.deepEqual(
      Object.keys(document.paths).filter((path) => !manual.includes(path)),
      [],
    );
  });

  test('openApiDocument() shows counts as integers of 64 bits', () => {
    const pool = document.components.schemas['Pool'] as { properties: Record<string, object> };
    assert.deepEqual(pool.properties['free'], {
      type: 'integer',
      format: 'int64',
      minimum: 0,
      description: 'Addresses that were never used or have cooled down.',
    });
  });

  test('openApiDocument() has examples that fit their schemas', () => {
    let examples = 0;
    const contents = operations.flatMap(({ path, method, operation }) => [
      { where: `${method} ${path}`, content: operation.requestBody?.content },
      ...Object.entries(operation.responses).map(([status, { content }]) => ({
        where: `${method} ${path} ${status}`,
        content,
      })),
    ]);
    const shared = Object.entries(document.components.responses).map(([where, { content }]) => ({
      where,
      content,
    }));
    for (const { where, content = {} } of [...contents, ...shared]) {
      for (const { schema, examples: own = {} } of Object.values(content)) {
        for (const { value } of Object.values(own)) {
          assertFits(schema, value, where);
          examples += 1;
        }
      }
    }
    assert.ok(examples > 30, `${examples} examples`);
  });
});

/** Sends a request and asserts that the document describes the answer: its status, its type and its body. */
async function ask(
  served: ServedRoutes,
  [method, path, pattern = path]: readonly [method: string, path: string, pattern?: string],
  body?: unknown,
  accept = 'application/json',
): Promise<{ readonly status: number; readonly body: unknown }> {
  const response = await served.request(method, path, body, accept);
  const where = `${method} ${path} ${response.status}`;
  const declared = operationOf(method, pattern.split('?')[0] ?? '').responses[response.status];
  assert.ok(declared, `${where} is not described: ${response.text}`);
  const name = declared.$ref?.split('/').at(-1);
  const content = name === undefined ? declared.content : document.components.responses[name]?.content;
  if (content === undefined) {
    assert.equal(response.text, '', where);
    return response;
  }
  const type = response.headers['content-type']?.split(';')[0] ?? '';
  const media = content[type];
  assert.ok(media, `${where} answers ${type}`);
  assertFits(media.schema, type === 'application/json' ? response.body : response.text, where);
  return response;
}

describe('agentRoutes()', () => {
  const pools = [
    poolManifest('vlan6-v4', {
      subnet: '10.6.0.0/24',
      ips: ['10.6.0.10-10.6.0.209'],
      gateway: '10.6.0.1',
      default: true,
    }),
    poolManifest('vlan6-v6', {
      subnet: 'fd00:6::/48',
      ips: ['fd00:6::10-fd00:6::ffff'],
      gateway: 'fd00:6::1',
    }),
    'kind: Pod',
  ];
  let paths: readonly string[] = [];

  before(async () => {
    await using served = await serveRoutes([]);
    paths = Object.entries(served.routes).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  });

  test('agentRoutes() are what the document describes, no more and no less', () => {
    assert.deepEqual(operations.map(({ path, method }) => `${method} ${path}`).toSorted(), paths.toSorted());
  });

  test('agentRoutes() take the examples of the document, and answer what it describes', async () => {
    await using served = await serveRoutes(pools);
    const succeeds = async (
      method: string,
      path: string,
      request = exampleOf(method, path),
    ): Promise<unknown> => {
      const { status, body } = await ask(served, [method, path], request);
      assert.equal(status, 200, `${method} ${path}: ${JSON.stringify(body)}`);
      return body;
    };
    await succeeds('POST', '/v1/explain');
    const result = await succeeds('POST', '/v1/cni/add');
    const check = exampleOf('POST', '/v1/cni/check') as { readonly config: object; readonly env: object };
    await succeeds('POST', '/v1/cni/check', { ...check, config: { ...check.config, prevResult: result } });
    await succeeds('POST', '/v1/cni/gc');
    await succeeds('POST', '/v1/cni/status');
    assert.equal((await served.ledger.records({})).length, 1, 'GC keeps what it is told to keep');
    await ask(served, ['GET', '/v1/allocations?limit=1&nic=eth0']);
    await ask(served, ['GET', '/v1/allocations/10.6.0.10', '/v1/allocations/{address}']);
    await ask(served, ['DELETE', '/v1/allocations/10.6.0.10', '/v1/allocations/{address}']);
    await ask(served, ['GET', '/v1/allocations/10.6.0.10', '/v1/allocations/{address}']);
    await succeeds('POST', '/v1/cni/del');
    await succeeds('POST', '/v1/ipam/ip');
    await succeeds('POST', '/v1/ipam/ips');
    await ask(served, ['GET', '/v1/workloadendpoint?podNamespace=default&podName=web-0']);
    await succeeds('DELETE', '/v1/ipam/ip');
    await succeeds('DELETE', '/v1/ipam/ips');
    for (const path of ['/v1/pools', '/v1/ipam/healthy', '/v1/metrics', '/v1/openapi.json']) {
      await succeeds('GET', path);
    }
    await succeeds('POST', '/v1/gc');
  });

  test('agentRoutes() answer both families in every CNI version as described', async () => {
    await using served = await serveRoutes(pools);
    for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
      const { config, env } = exampleOf('POST', '/v1/cni/add') as {
        readonly config: { readonly ipam: object };
        readonly env: object;
      };
      const ipam = { ...config.ipam, default_ipv6_ippool: ['vlan6-*'] };
      const body = { config: { ...config, cniVersion, ipam }, env };
      assert.equal((await ask(served, ['POST', '/v1/cni/add'], body)).status, 200);
    }
  });

  test('agentRoutes() answer text where the document says so', async () => {
    await using served = await serveRoutes(pools);
    for (const { path, method, operation } of operations) {
      if (operation.responses['200']?.content?.['text/plain'] === undefined) continue;
      const request = exampleOf(method, path);
      const concrete = path.replace('{address}', '10.6.0.10');
      await ask(served, [method, concrete, path], request, 'text/plain');
    }
  });

  test('agentRoutes() refuse as described', async () => {
    await using served = await serveRoutes(pools);
    for (const { path, method } of operations) {
      const concrete = path.replace('{address}', 'no-address');
      await ask(served, [method, concrete, path]);
      assert.equal((await ask(served, [method, concrete, path], '{')).status, 400);
    }
    assert.equal((await ask(served, ['POST', '/v1/cni/add'], ' '.repeat(2 * 1024 * 1024 + 1))).status, 413);
    const unknown = { ...(exampleOf('POST', '/v1/ipam/ip') as object), defaultIPv4IPPool: ['none'] };
    assert.equal((await ask(served, ['POST', '/v1/ipam/ip'], unknown)).status, 500);
    served.slot.close('the ledger is away');
    for (const { path, method } of operations) {
      const concrete = path.replace('{address}', '10.6.0.10');
      await ask(served, [method, concrete, path], exampleOf(method, path));
    }
    assert.equal(
      (await ask(served, ['POST', '/v1/cni/status'], exampleOf('POST', '/v1/cni/status'))).status,
      503,
    );
  });

  test("agentRoutes() need exactly those fields of the original's API that the document requires", async () => {
    await using served = await serveRoutes(pools);
    for (const [method, path] of [
      ['POST', '/v1/ipam/ip'],
      ['DELETE', '/v1/ipam/ip'],
      ['DELETE', '/v1/ipam/ips'],
    ] as const) {
      const example = exampleOf(method, path) as Readonly<Record<string, unknown>>;
      const reference = operationOf(method, path).requestBody?.content['application/json']?.schema;
      const name = (reference as { readonly $ref: string }).$ref.split('/').at(-1) ?? '';
      const schema = document.components.schemas[name] as { readonly required: readonly string[] };
      const needed: string[] = [];
      for (const key of Object.keys(example)) {
        const { [key]: _, ...rest } = example;
        const { status } = await ask(served, [method, path], rest);
        if (status === 422) needed.push(key);
        else assert.equal(status, 200, `${method} ${path} without ${key}`);
      }
      assert.deepEqual(needed.toSorted(), schema.required.toSorted());
    }
  });
});
