import { deadlineHeader } from '../cni/request.ts';
import { version } from '../config/version.ts';
import { cniPaths } from './openapi-cni.ts';
import { originalPaths } from './openapi-original.ts';
import {
  json,
  type Operation,
  type Parameter,
  type PathItem,
  type Paths,
  type Response,
} from './openapi-parts.ts';
import { peoplePaths } from './openapi-people.ts';
import { componentSchemas } from './openapi-schemas.ts';

const description = `The socket of spiderpool-agent, which is root's: \`curl --unix-socket /var/run/spidernet/spiderpool.sock http://agent/v1/pools\`.

Counts are JSON integers of up to 63 bits. Every refusal is an object with \`code\` and \`msg\`, except below \`/v1/ipam\`, \`/v1/workloadendpoint\` and \`/v1/coordinator\`, whose shapes are those of the original.`;

const tags = [
  { name: 'CNI', description: 'The verbs of the CNI specification, for the plugin.' },
  { name: 'Original', description: "The API of the original's agent, for its plugin." },
  { name: 'People', description: 'For a person who debugs a node: JSON, or text with `Accept: text/plain`.' },
  { name: 'Agent', description: 'About the agent itself.' },
];

/** Refusals of the HTTP layer, by status. Every operation has them, unless it answers the status by itself. */
const sharedResponses = {
  400: { name: 'BadRequest', text: 'The body is not JSON, or ended early.', msg: 'the body ended early' },
  413: {
    name: 'BodyTooLarge',
    text: 'The body is larger than 2 MiB.',
    msg: 'the body is larger than 2097152 bytes',
  },
  500: {
    name: 'Defect',
    text: 'A defect of the agent.',
    msg: 'internal error of the agent; its log has the details',
  },
  503: {
    name: 'Busy',
    text: 'Too many requests are under way, or the agent is ending: try again.',
    msg: 'the agent is shutting down',
  },
} as const;

const deadline: Parameter = {
  name: deadlineHeader,
  in: 'header',
  description:
    'Milliseconds that the client waits for an answer; the agent then stops working for it. More than 100000 count as 100000.',
  schema: { type: 'number', exclusiveMinimum: 0, default: 100_000 },
};

/** The OpenAPI 3.1 document of everything that the agent's socket serves. Costs some ten milliseconds. */
export function openApiDocument(): object {
  const paths = { ...peoplePaths(), ...cniPaths(), ...originalPaths() };
  return {
    openapi: '3.1.1',
    info: {
      title: 'spiderpool-agent',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: 'http://agent', description: 'Over the unix socket; the host is not looked at.' }],
    tags,
    paths: withSharedParts(paths),
    components: {
      schemas: componentSchemas(),
      parameters: { Deadline: deadline },
      responses: responseComponents(),
    },
  };
}

function responseComponents(): Readonly<Record<string, Response>> {
  return Object.fromEntries(
    Object.entries(sharedResponses).map(([status, { name, text, msg }]) => [
      name,
      { description: text, content: json('Error', text, { code: Number(status), msg }) },
    ]),
  );
}

function withSharedParts(paths: Paths): Paths {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]): [string, PathItem] => [
      path,
      Object.fromEntries(
        Object.entries(item).map(([method, operation]) => [method, withSharedResponses(operation)]),
      ),
    ]),
  );
}

function withSharedResponses(operation: Operation): Operation {
  const references = Object.entries(sharedResponses).map(([status, { name }]) => [
    status,
    { $ref: `#/components/responses/${name}` },
  ]);
  return {
    ...operation,
    parameters: [...(operation.parameters ?? []), { $ref: '#/components/parameters/Deadline' }],
    responses: { ...Object.fromEntries(references), ...operation.responses },
  };
}
