import { body, json, type Parameter, type Paths, type Response } from './openapi-parts.ts';

const tags = ['Original'];

const pod = { podNamespace: 'default', podName: 'web-0', podUID: '0f9c2f4e-3b0f-4a52-8b8e-6a1f3a1c7d10' };
const attachment = { containerID: '4f1d2c3b5a69', ifName: 'eth0', ...pod };
const route = { ifName: 'eth0', dst: '0.0.0.0/0', gw: '10.6.0.1' };

const refused: Response = {
  description: 'Why not.',
  content: json(
    'OriginalError',
    'unknown pool',
    'pool vlan6-v4 of the CNI config for NIC eth0, IPv4 does not exist',
  ),
};
const violation: Response = {
  description: 'A field is missing or wrong.',
  content: json('OriginalViolation', 'no ifName', {
    code: 602,
    message: 'ifName in body Invalid input: expected string, received undefined',
  }),
};
const bodyRefusals = { 422: violation, 500: refused };
const forbidden = (description: string, text: string): Response => ({
  description,
  content: json('OriginalError', 'none', text),
});
const conflictRefusals = {
  521: forbidden(
    'Addresses with a conflict stay with their pods.',
    'SPIDERPOOL_ENABLED_RELEASE_CONFLICT_IPS is false: addresses with a conflict stay with their pods',
  ),
  522: forbidden('Those of a static workload do.', 'the addresses of a static workload stay with it'),
};
const released: Response = { description: 'Released. The body is empty.' };

/** The API of the original's agent, for its CNI plugin. */
export function originalPaths(): Paths {
  return { ...ipamPaths(), ...readPaths() };
}

function ipamPaths(): Paths {
  return {
    '/v1/ipam/healthy': {
      get: {
        operationId: 'getIpamHealthy',
        summary: 'Tell that the agent serves',
        tags,
        responses: { 200: { description: 'It does. The body is empty.' } },
      },
    },
    '/v1/ipam/ip': {
      post: {
        operationId: 'postIpamIp',
        summary: 'Allocate the addresses of a NIC',
        tags,
        requestBody: body('IpamAddArgs', 'one NIC', {
          ...attachment,
          netNamespace: '/var/run/netns/cni-4f1d2c3b',
          defaultIPv4IPPool: ['vlan6-v4'],
          defaultIPv6IPPool: null,
        }),
        responses: {
          200: {
            description: 'The addresses and routes.',
            content: json('IpamAddResponse', 'one IPv4 address', {
              ips: [
                { version: 4, address: '10.6.0.10/24', nic: 'eth0', ipPool: 'vlan6-v4', gateway: '10.6.0.1' },
              ],
              routes: [route],
            }),
          },
          ...bodyRefusals,
        },
      },
      delete: {
        operationId: 'deleteIpamIp',
        summary: 'Release the addresses of a NIC',
        description: 'The arguments are in the body.',
        tags,
        requestBody: body('IpamDelArgs', 'one NIC', attachment),
        responses: { 200: released, ...bodyRefusals },
      },
    },
    '/v1/ipam/ips': {
      post: {
        operationId: 'postIpamIps',
        summary: 'Does nothing, as in the original',
        tags,
        responses: { 200: { description: 'Nothing was done. The body is empty.' } },
      },
      delete: {
        operationId: 'deleteIpamIps',
        summary: 'Take the addresses of all NICs away from a sandbox in which a conflict was found',
        description: 'The arguments are in the body. The pod may live.',
        tags,
        requestBody: body('IpamBatchDelArgs', 'one sandbox', { containerID: attachment.containerID, ...pod }),
        responses: { 200: released, ...bodyRefusals, ...conflictRefusals },
      },
    },
  };
}

function readPaths(): Paths {
  const endpoint = { interface: 'eth0', ipv4: '10.6.0.10/24', ipv4Pool: 'vlan6-v4', ipv4Gateway: '10.6.0.1' };
  return {
    '/v1/workloadendpoint': {
      get: {
        operationId: 'getWorkloadendpoint',
        summary: 'The addresses of a pod',
        tags,
        parameters: [query('podNamespace', "The pod's namespace."), query('podName', "The pod's name.")],
        responses: {
          200: {
            description: 'The addresses of each NIC.',
            content: json('WorkloadEndpointStatus', 'one NIC', {
              ...pod,
              node: 'worker-1',
              interfaces: [{ ...endpoint, routes: [route] }],
            }),
          },
          404: {
            description: 'The pod has none.',
            content: json('OriginalError', 'none', 'no address is recorded for pod default/web-0'),
          },
          422: {
            description: 'A query is missing.',
            content: json('OriginalViolation', 'no query', {
              code: 602,
              message: 'podNamespace and podName in query are required',
            }),
          },
          500: refused,
        },
      },
    },
    '/v1/coordinator/config': {
      get: {
        operationId: 'getCoordinatorConfig',
        summary: 'The configuration of the coordinator plugin',
        description:
          "From the SpiderCoordinator of an installation of the original. The arguments are in the body; the pod's annotation `ipam.spidernet.io/default-route-nic` counts.",
        tags,
        requestBody: {
          required: false,
          content: json('GetCoordinatorArgs', 'a pod', {
            podNamespace: pod.podNamespace,
            podName: pod.podName,
          }),
        },
        responses: {
          200: {
            description: 'The configuration.',
            content: json('CoordinatorConfig', 'underlay', {
              mode: 'underlay',
              overlayPodCIDR: ['10.244.0.0/16'],
              serviceCIDR: ['10.96.0.0/16'],
              tunePodRoutes: true,
              hostRuleTable: 500,
              podRPFilter: 0,
            }),
          },
          422: violation,
          500: {
            description: 'There is none, as on an agent without a cluster, or it is not ready.',
            content: json('OriginalError', 'no cluster', 'there is no SpiderCoordinator'),
          },
        },
      },
    },
  };
}

function query(name: string, description: string): Parameter {
  return { name, in: 'query', required: true, description, schema: { type: 'string', minLength: 1 } };
}
