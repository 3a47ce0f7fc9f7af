import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import { type EndpointDetail, parseEndpoint, type SpiderEndpointStatus } from '../src/api/endpoint.ts';
import type { LabelSelector } from '../src/api/label-selector.ts';
import { parsePool, parseReservedIp, parseSubnet } from '../src/api/parse-resource.ts';
import {
  apiVersion,
  type NetworkSpec,
  type SpiderIPPoolSpec,
  type SpiderIPPoolStatus,
  type SpiderReservedIPSpec,
  type SpiderSubnetStatus,
} from '../src/api/resources.ts';

/** Every field there, all the way down: a field that is new in src/api breaks the samples below until it is written. */
type Full<T> = T extends readonly (infer U)[]
  ? readonly Full<U>[]
  : T extends object
    ? { readonly [K in keyof T]-?: Full<Exclude<T[K], undefined>> }
    : T;

/** The part of an OpenAPI v3 schema that the definitions use. */
interface Schema {
  readonly type: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
}

type Path = readonly (string | number)[];

/** A field of a schema that is an object's property. */
interface SchemaField {
  readonly path: Path;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

const selector: Full<LabelSelector> = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }],
};
const routes = [{ dst: '10.99.0.0/16', gw: '10.6.0.2' }];
const poolSpec: Full<SpiderIPPoolSpec> = {
  ipVersion: 4,
  subnet: '10.6.0.0/16',
  ips: ['10.6.0.10-10.6.0.20'],
  excludeIPs: ['10.6.0.11'],
  gateway: '10.6.0.1',
  routes,
  podAffinity: selector,
  namespaceAffinity: selector,
  nodeAffinity: selector,
  namespaceName: ['default'],
  nodeName: ['a'],
  multusName: ['kube-system/vlan6'],
  default: true,
  disable: true,
};
const poolStatus: Full<SpiderIPPoolStatus> = {
  allocatedIPs: '{}',
  totalIPCount: 9_223_372_036_854_775_807n,
  allocatedIPCount: 0n,
  freeIPCount: 0n,
  coolingIPCount: 0n,
  suspectIPCount: 0n,
  reservedIPCount: 0n,
  conditions: [
    {
      type: 'AlmostFull',
      status: 'False',
      reason: 'Below80Percent',
      message: 'less than 80 % of its addresses are in use',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    },
  ],
};
const { ipVersion, subnet, ips, excludeIPs, gateway } = poolSpec;
const subnetSpec: Full<NetworkSpec> = { ipVersion, subnet, ips, excludeIPs, gateway, routes };
const subnetStatus: Full<SpiderSubnetStatus> = {
  controlledIPPools: '{}',
  totalIPCount: 9_223_372_036_854_775_807n,
  allocatedIPCount: 0n,
};
const reservedSpec: Full<SpiderReservedIPSpec> = { ipVersion: 4, ips: ['10.6.0.10'] };
const detail: Full<EndpointDetail> = {
  interface: 'eth0',
  ipv4: '10.6.0.10/16',
  ipv6: 'fd00:6::10/64',
  ipv4Pool: 'vlan6-v4',
  ipv6Pool: 'vlan6-v6',
  ipv4Gateway: '10.6.0.1',
  ipv6Gateway: 'fd00:6::1',
  vlan: 0,
  cleanGateway: false,
  routes,
  mac: '02:00:00:00:00:01',
};
const endpointStatus: Full<SpiderEndpointStatus> = {
  current: { uid: 'u', node: 'a', ips: [detail] },
  ownerControllerType: 'Deployment',
  ownerControllerName: 'web',
};

const metadata = { name: 'a', namespace: 'default' };
const kinds = [
  {
    kind: 'SpiderIPPool',
    plural: 'spiderippools',
    sample: { apiVersion, kind: 'SpiderIPPool', metadata, spec: poolSpec, status: poolStatus },
    parse: (value: unknown) => {
      const outcome = parsePool(value);
      return outcome.ok && outcome.warnings.length === 0 ? outcome.resource : undefined;
    },
  },
  {
    kind: 'SpiderSubnet',
    plural: 'spidersubnets',
    sample: { apiVersion, kind: 'SpiderSubnet', metadata, spec: subnetSpec, status: subnetStatus },
    parse: (value: unknown) => {
      const outcome = parseSubnet(value);
      return outcome.ok && outcome.warnings.length === 0 ? outcome.resource : undefined;
    },
  },
  {
    kind: 'SpiderReservedIP',
    plural: 'spiderreservedips',
    sample: { apiVersion, kind: 'SpiderReservedIP', metadata, spec: reservedSpec },
    parse: (value: unknown) => {
      const outcome = parseReservedIp(value);
      return outcome.ok && outcome.warnings.length === 0 ? outcome.resource : undefined;
    },
  },
  {
    kind: 'SpiderEndpoint',
    plural: 'spiderendpoints',
    sample: { apiVersion, kind: 'SpiderEndpoint', metadata, status: endpointStatus },
    parse: (value: unknown) => {
      const endpoint = parseEndpoint(value);
      // A status that can't be read is as good as none; whether there is one at all is the user's choice.
      return endpoint.status === undefined && 'status' in Object(value) ? undefined : endpoint;
    },
  },
];

function readSchema(plural: string): Schema {
  const file = new URL(`../deploy/chart/crds/spiderpool.spidernet.io_${plural}.yaml`, import.meta.url);
  const crd = load(readFileSync(file, 'utf8')) as {
    spec: { versions: readonly { schema: { openAPIV3Schema: Schema } }[] };
  };
  const [version, ...more] = crd.spec.versions;
  assert.ok(version !== undefined && more.length === 0);
  return version.schema.openAPIV3Schema;
}

/** All fields of a schema but the metadata, which is the API server's. A list stands for its first entry. */
function fieldsOf(schema: Schema, path: Path = []): readonly SchemaField[] {
  if (schema.items !== undefined) return fieldsOf(schema.items, [...path, 0]);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => path.length > 0 || name !== 'metadata')
    .flatMap(([name, field]) => {
      const at = [...path, name];
      const isRequired = schema.required?.includes(name) ?? false;
      return [{ path: at, schema: field, isRequired }, ...fieldsOf(field, at)];
    });
}

/** All fields of a sample but its metadata, by the same rules; the keys of a map are no fields. */
function pathsIn(value: unknown, maps: ReadonlySet<string>, path: Path = []): readonly string[] {
  if (Array.isArray(value)) return pathsIn(value[0], maps, [...path, 0]);
  if (typeof value !== 'object' || value === null || maps.has(path.join('.'))) return [];
  return Object.entries(value)
    .filter(([name]) => path.length > 0 || name !== 'metadata')
    .flatMap(([name, field]) => {
      const at = [...path, name];
      return [at.join('.'), ...pathsIn(field, maps, at)];
    });
}

function valueAt(sample: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], sample);
}

/** A copy in which one field is another value; undefined takes it away. */
function changed(sample: object, path: Path, value: unknown): object {
  const copy = structuredClone(sample);
  const parent = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
  const key = path.at(-1) ?? '';
  if (value === undefined) delete parent[key];
  else parent[key] = value;
  return copy;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' || typeof value === 'bigint' ? 'integer' : typeof value;
}

for (const { kind, plural, sample, parse } of kinds) {
  describe(`deploy/chart/crds ${kind}`, () => {
    const fields = fieldsOf(readSchema(plural));

    test(`${kind} has the fields of src/api with their types, and no other`, () => {
      const maps = fields
        .filter(({ schema }) => schema.additionalProperties)
        .map(({ path }) => path.join('.'));
      assert.deepEqual(
        fields.map(({ path }) => path.join('.')).toSorted(),
        [...pathsIn(sample, new Set(maps))].toSorted(),
      );
      for (const { path, schema } of fields) {
        assert.equal(jsonType(valueAt(sample, path)), schema.type, path.join('.'));
      }
      assert.notEqual(parse(sample), undefined);
    });

    test(`${kind} requires the fields that src/api requires, and no other`, () => {
      for (const { path, isRequired } of fields) {
        // The API server always has them, with or without a word in the schema.
        if (path.length === 1 && path[0] !== 'spec' && path[0] !== 'status') continue;
        const isAccepted = parse(changed(sample, path, undefined)) !== undefined;
        assert.equal(isAccepted, !isRequired, path.join('.'));
      }
    });

    test(`${kind} has the enumerations of src/api`, () => {
      for (const { path, schema } of fields.filter((field) => field.schema.enum !== undefined)) {
        for (const value of schema.enum ?? []) {
          assert.notEqual(parse(changed(sample, path, value)), undefined, path.join('.'));
        }
        assert.equal(parse(changed(sample, path, 5)), undefined, path.join('.'));
      }
    });
  });
}
