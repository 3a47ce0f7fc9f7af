import {
  allocationFilterKeys,
  pageLimitDefault,
  pageLimitMax,
  releaseConditionKeys,
} from './allocation-query.ts';
import { addExample } from './openapi-cni.ts';
import {
  body,
  json,
  type Operation,
  type Parameter,
  type Paths,
  type Response,
  text,
} from './openapi-parts.ts';
import type { SchemaName } from './openapi-schemas.ts';
import type { AllocationShape, ErrorShape, ReleasedShape, SweepShape } from './shapes.ts';

const allocation: AllocationShape = {
  address: '10.6.0.10',
  pool: 'vlan6-v4',
  network: 'vlan6',
  nic: 'eth0',
  since: '2026-01-02T03:04:05.678Z',
  holders: [
    {
      uid: '0f9c2f4e-3b0f-4a52-8b8e-6a1f3a1c7d10',
      sandbox: '4f1d2c3b5a69',
      node: 'worker-1',
      pod: 'default/web-0',
      netns: { path: '/var/run/netns/cni-4f1d2c3b', device: '4', inode: '4026532621' },
    },
  ],
};
/** Counts as plain numbers: the document is JSON. */
const pool = {
  name: 'vlan6-v4',
  ipVersion: 4,
  subnet: '10.6.0.0/24',
  gateway: '10.6.0.1',
  total: 200,
  allocated: 1,
  free: 199,
  cooling: 0,
  reserved: 0,
  excluded: 0,
  disabled: false,
  default: true,
  conditions: [],
};
const explanation = {
  nics: [
    {
      nic: 'eth0',
      family: 4,
      source: 'cni-config',
      sourceTitle: 'the CNI config',
      candidates: [{ pool: 'vlan6-v4', accepted: true }],
      address: '10.6.0.11/24',
      pool: 'vlan6-v4',
    },
  ],
};
const released: ReleasedShape = { released: allocation };
const sweep: SweepShape = { examined: 12, suspected: 0, freed: ['10.6.0.14'] };

const addressParameter: Parameter = {
  name: 'address',
  in: 'path',
  required: true,
  description: 'IPv4 or IPv6 address without a prefix length.',
  schema: { type: 'string', examples: ['10.6.0.10', 'fd00:6::10'] },
};

/** What people debug a node with; `spiderpoolctl` asks the same. */
export function peoplePaths(): Paths {
  return { ...poolPaths(), ...allocationPaths(), ...actionPaths(), ...selfPaths() };
}

function poolPaths(): Paths {
  return {
    '/v1/pools': {
      get: operation('getPools', 'The pools with the counts of their addresses', {
        success: answer('Every pool.', 'Pools', 'one pool', { pools: [pool], problems: [] }),
      }),
    },
  };
}

function allocationPaths(): Paths {
  return {
    '/v1/allocations': {
      get: operation('getAllocations', 'The allocated addresses, a page at a time', {
        parameters: [...allocationFilterKeys.map(filterParameter), limitParameter(), afterParameter()],
        success: answer('A page.', 'Allocations', 'one record', { allocations: [allocation] }),
      }),
    },
    '/v1/allocations/{address}': {
      get: operation('getAllocation', 'Who has an address, and else who had it last', {
        parameters: [addressParameter],
        success: answer('Also where nobody has it.', 'Who', 'a running pod', {
          address: allocation.address,
          pools: [allocation.pool],
          allocation,
        }),
      }),
      delete: operation('deleteAllocation', 'Take an address away from who has it', {
        description: 'The pod is not told: release what a pod that is gone has left behind.',
        parameters: [addressParameter, ...releaseConditionKeys.map(conditionParameter)],
        success: answer('Released.', 'Released', 'a pod that is gone', released),
      }),
    },
  };
}

function actionPaths(): Paths {
  return {
    '/v1/explain': {
      post: operation('explain', 'What an ADD with this body would do, without doing it', {
        description: 'Also 200 where the ADD would fail: `error` tells why, `nics` how far it came.',
        requestBody: body('CniRequest', 'an ADD', addExample),
        success: answer(
          'The pools in order, and the address.',
          'Explanation',
          'one IPv4 address',
          explanation,
        ),
      }),
    },
    '/v1/gc': {
      post: operation('sweep', 'Free the addresses of pods that are gone, now', {
        description: 'One pass of the sweep that the agent makes by itself; it takes no body.',
        success: answer('Done.', 'Sweep', 'one leak', sweep),
      }),
    },
  };
}

function selfPaths(): Paths {
  return {
    '/v1/metrics': {
      get: {
        operationId: 'getMetrics',
        summary: 'The metrics in the text format of Prometheus',
        tags: ['Agent'],
        responses: { 200: { description: 'All metrics.', content: text() } },
      },
    },
    '/v1/openapi.json': {
      get: {
        operationId: 'getOpenApi',
        summary: 'This document',
        tags: ['Agent'],
        responses: {
          200: {
            description: 'An OpenAPI 3.1 document.',
            content: { 'application/json': { schema: { type: 'object' } } },
          },
        },
      },
    },
  };
}

function operation(
  operationId: string,
  summary: string,
  parts: Pick<Operation, 'description' | 'parameters' | 'requestBody'> & { readonly success: Response },
): Operation {
  const { success, ...rest } = parts;
  return {
    operationId,
    summary,
    ...rest,
    tags: ['People'],
    responses: {
      200: success,
      400: refusal('The request is wrong, or can not be fulfilled.', {
        code: 7,
        msg: '"10.6.0" is not an IP address: write for example 10.6.0.5 or fd00::5',
      }),
      503: refusal('Try again later.', { code: 11, msg: 'the agent has not loaded its records yet' }),
    },
  };
}

function answer(description: string, schema: SchemaName, summary: string, value: unknown): Response {
  return { description, content: { ...json(schema, summary, value), ...text() } };
}

function refusal(description: string, error: ErrorShape): Response {
  return answer(description, 'Error', 'refused', error);
}

function filterParameter(name: (typeof allocationFilterKeys)[number]): Parameter {
  const only = `Only records with this ${name}.`;
  const description = name === 'node' ? `${only} Those of all nodes for \`*\`. Default: this node.` : only;
  return { name, in: 'query', description, schema: { type: 'string' } };
}

function conditionParameter(name: (typeof releaseConditionKeys)[number]): Parameter {
  const description = `Refuse unless a holder has this ${name}: the address may be another's by now.`;
  return { name, in: 'query', description, schema: { type: 'string' } };
}

function limitParameter(): Parameter {
  return {
    name: 'limit',
    in: 'query',
    description: 'Records of a page.',
    schema: { type: 'integer', minimum: 1, maximum: pageLimitMax, default: pageLimitDefault },
  };
}

function afterParameter(): Parameter {
  return {
    name: 'after',
    in: 'query',
    description: 'Only addresses behind this one: the `next` of the page before.',
    schema: { type: 'string' },
  };
}
