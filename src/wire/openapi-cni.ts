import {
  body,
  type Content,
  json,
  type Operation,
  type Paths,
  type Response,
  schemaRef,
} from './openapi-parts.ts';

const env = {
  CNI_CONTAINERID: '4f1d2c3b5a69',
  CNI_NETNS: '/var/run/netns/cni-4f1d2c3b',
  CNI_IFNAME: 'eth0',
  CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0',
  CNI_PATH: '/opt/cni/bin',
};
const config = {
  cniVersion: '1.1.0',
  name: 'vlan6',
  ipam: { type: 'spiderpool', default_ipv4_ippool: ['vlan6-v4'] },
};

/** An ADD; also the example of `POST /v1/explain`. */
export const addExample = { config, env };

const result = {
  cniVersion: '1.1.0',
  ips: [{ address: '10.6.0.10/24', gateway: '10.6.0.1' }],
  routes: [{ dst: '0.0.0.0/0', gw: '10.6.0.1' }],
  dns: {},
};

const errorContent = (summary: string, code: number, msg: string): Content => ({
  'application/json': {
    // Where the body could not be read, no verb was reached, and the error has no cniVersion.
    schema: { anyOf: [schemaRef('CniError'), schemaRef('Error')] },
    examples: { example: { summary, value: { cniVersion: '1.1.0', code, msg } } },
  },
});

const refusals: Readonly<Record<string, Response>> = {
  400: {
    description: 'The configuration or the environment is wrong (codes 1 to 7).',
    content: errorContent(
      'no name',
      7,
      'invalid network config: name is missing: give the network a name, such as "macvlan-vlan0"',
    ),
  },
  413: {
    description: 'The body is larger than 2 MiB.',
    content: errorContent('too large', 6, 'the body is larger than 2097152 bytes'),
  },
  409: {
    description: 'The state of pools and records forbids it (codes from 100).',
    content: errorContent(
      'unknown pool',
      101,
      'pool vlan6-v4 of the CNI config for NIC eth0, IPv4 does not exist',
    ),
  },
  500: {
    description: 'A defect of the agent (code 999).',
    content: errorContent('a defect', 999, 'internal error: …'),
  },
  503: {
    description: 'Try again later (code 11), or not available (code 50).',
    content: errorContent('not loaded', 11, 'the agent has not loaded its records yet'),
  },
};

const done: Response = { description: 'Done. The body is empty.' };

/** The verbs of the CNI specification: the body of every answer is what the plugin prints. */
export function cniPaths(): Paths {
  return {
    '/v1/cni/add': {
      post: verb('ADD', 'Allocate the addresses of a NIC, or return those that it has', {
        description:
          'All families that the winning source of pools names are served, or nothing is allocated. Asked again for the same pod and NIC it answers the same.',
        request: addExample,
        success: { description: 'The result.', content: json('CniResult', 'one IPv4 address', result) },
      }),
    },
    '/v1/cni/del': {
      post: verb('DEL', 'Release the addresses of an attachment', {
        description: 'Always succeeds: a request that is malformed releases what can be identified.',
        request: addExample,
      }),
    },
    '/v1/cni/check': {
      post: verb('CHECK', 'Compare the records of an attachment with prevResult', {
        request: { config: { ...config, prevResult: result }, env },
      }),
    },
    '/v1/cni/gc': {
      post: verb('GC', 'Free the addresses of a network whose attachments are gone', {
        description: 'Only records of this network and node.',
        request: {
          config: {
            ...config,
            'cni.dev/valid-attachments': [{ containerID: env.CNI_CONTAINERID, ifname: env.CNI_IFNAME }],
          },
          env: { CNI_PATH: env.CNI_PATH },
        },
      }),
    },
    '/v1/cni/status': {
      post: verb('STATUS', 'Tell whether the agent can serve an ADD', {
        description: 'Code 50 only while the records are not loaded: one full pool is not the end of a node.',
        request: { config, env: { CNI_PATH: env.CNI_PATH } },
      }),
    },
  };
}

function verb(
  name: string,
  summary: string,
  parts: { readonly description?: string; readonly request: object; readonly success?: Response },
): Operation {
  const { description, request, success = done } = parts;
  return {
    operationId: `cni${name.charAt(0)}${name.slice(1).toLowerCase()}`,
    summary,
    ...(description !== undefined && { description }),
    tags: ['CNI'],
    requestBody: body('CniRequest', name, request),
    responses: { 200: success, ...refusals },
  };
}
