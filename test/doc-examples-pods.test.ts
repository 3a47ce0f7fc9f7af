import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { after, describe, test } from 'node:test';
import { loadAll } from 'js-yaml';
import { isJsonObject } from '../src/cni/field-reader.ts';
import { resultOf } from './integration/harness/answers.ts';
import { ClusterWorld } from './integration/harness/cluster-world.ts';
import { type DocBlock, docBlocks, placeOf, repositoryFolder } from './support/doc-blocks.ts';

type Annotations = Readonly<Record<string, string>>;

/** A pod of a document: its annotations, and those of its namespace. */
interface Example {
  readonly place: string;
  readonly pod: Annotations;
  readonly namespace: Annotations;
}

/** What a NIC gets by the words of its example. */
interface Expected {
  readonly nic: string;
  /** Names or patterns of the pools, of one list for each family that is asked for. */
  readonly pools: readonly (readonly string[])[];
  readonly cleansGateway: boolean;
  readonly address?: string;
}

const folder = join(repositoryFolder, 'docs/examples/cluster');
const keys = {
  ippool: 'ipam.spidernet.io/ippool',
  ippools: 'ipam.spidernet.io/ippools',
  routes: 'ipam.spidernet.io/routes',
  defaults: ['ipam.spidernet.io/default-ipv4-ippool', 'ipam.spidernet.io/default-ipv6-ippool'],
  first: 'v1.multus-cni.io/default-network',
  others: 'k8s.v1.cni.cncf.io/networks',
} as const;

/** The `ipam` part of each network of the examples. */
const networks: ReadonlyMap<string, Readonly<Record<string, unknown>>> = new Map(
  documentsOf('networks.yaml').map((document) => {
    const { metadata, spec } = document as {
      metadata: { name: string; namespace: string };
      spec: { config: string };
    };
    const { ipam } = JSON.parse(spec.config) as { ipam: Readonly<Record<string, unknown>> };
    return [`${metadata.namespace}/${metadata.name}`, ipam] as const;
  }),
);

function documentsOf(file: string): readonly unknown[] {
  return loadAll(readFileSync(join(folder, file), 'utf8'));
}

/** The pods that documents and examples have: fragments with annotations, Pods, Namespaces and workloads with templates. */
function examplesOf(place: string, text: string): readonly Example[] {
  return loadAll(text).flatMap((document) => {
    if (!isJsonObject(document)) return [];
    const { kind, metadata, spec } = document as {
      kind?: string;
      metadata?: { annotations?: Annotations };
      spec?: { template?: { metadata?: { annotations?: Annotations } } };
    };
    const own = metadata?.annotations ?? {};
    if (kind === 'Namespace') return [{ place, pod: {}, namespace: own }];
    const annotations =
      kind === undefined || kind === 'Pod' ? own : (spec?.template?.metadata?.annotations ?? {});
    return Object.keys(annotations).length === 0 ? [] : [{ place, pod: annotations, namespace: {} }];
  });
}

/** The NICs of a pod with their networks: eth0, and those of the networks annotation. */
function nicsOf(
  pod: Annotations,
): ReadonlyMap<string, { readonly network?: string; readonly ips?: readonly string[] }> {
  const first = pod[keys.first];
  const nics = new Map<string, { network?: string; ips?: readonly string[] }>([
    ['eth0', first === undefined ? {} : { network: first }],
  ]);
  const text = pod[keys.others] ?? '';
  if (text.startsWith('[')) {
    const list = JSON.parse(text) as { name: string; namespace: string; ips?: string[] }[];
    for (const [index, { name, namespace, ips }] of list.entries()) {
      nics.set(`net${index + 1}`, { network: `${namespace}/${name}`, ...(ips && { ips }) });
    }
    return nics;
  }
  for (const [index, entry] of text.split(',').entries()) {
    const [network = '', name = `net${index + 1}`] = entry.trim().split('@');
    if (network !== '') nics.set(name, { network });
  }
  return nics;
}

/** Pool lists of an object with `ipv4` and `ipv6`. */
function listsOf({
  ipv4 = [],
  ipv6 = [],
}: {
  ipv4?: readonly string[];
  ipv6?: readonly string[];
}): readonly (readonly string[])[] {
  return [ipv4, ipv6].filter((list) => list.length > 0);
}

/** What the documents promise for each NIC of an example, read from its text alone. */
function expectedOf({ pod, namespace }: Example): readonly Expected[] {
  const nics = [...nicsOf(pod)];
  const elements = JSON.parse(pod[keys.ippools] ?? '[]') as {
    interface?: string;
    ipv4?: string[];
    ipv6?: string[];
    cleangateway?: boolean;
  }[];
  const named = [...keys.defaults].flatMap((key) =>
    namespace[key] === undefined ? [] : [JSON.parse(namespace[key]) as string[]],
  );
  return nics.map(([nic, { network, ips }], index) => {
    const address = ips?.[0]?.split('/')[0];
    const element =
      elements.find((one) => one.interface === nic) ??
      (elements[0]?.interface === undefined ? elements[index] : undefined);
    const ipam = networks.get(network ?? '') ?? {};
    const more = { nic, ...(address !== undefined && { address }) };
    if (elements.length > 0)
      return { ...more, pools: listsOf(element ?? {}), cleansGateway: element?.cleangateway === true };
    const cleansGateway = ipam['clean_gateway'] === true;
    const ippool = pod[keys.ippool];
    if (ippool !== undefined) return { ...more, pools: listsOf(JSON.parse(ippool) as object), cleansGateway };
    if (named.length > 0) return { ...more, pools: named, cleansGateway };
    const [ipv4, ipv6] = [ipam['default_ipv4_ippool'], ipam['default_ipv6_ippool']] as (
      | string[]
      | undefined
    )[];
    return { ...more, pools: listsOf({ ...(ipv4 && { ipv4 }), ...(ipv6 && { ipv6 }) }), cleansGateway };
  });
}

const yamlBlocks = docBlocks().filter(({ info }) => info === 'yaml');
const isWithPods = ({ page }: DocBlock): boolean =>
  /\/(?:annotations|multus|static-addresses|pools)\.md$/.test(page);
const examples = [
  ...yamlBlocks.filter(isWithPods).flatMap((block) => examplesOf(placeOf(block), block.text)),
  ...['deployment.yaml', 'statefulset.yaml'].flatMap((file) =>
    examplesOf(file, readFileSync(join(folder, file), 'utf8')),
  ),
].filter(({ pod, namespace }) =>
  [...Object.keys(pod), ...Object.keys(namespace)].some((key) =>
    /^(?:ipam\.spidernet\.io\/(?!reuse)|v1\.multus|k8s\.v1)/.test(key),
  ),
);

const world = await ClusterWorld.create({ nodes: ['worker-1'] });
after(() => world[Symbol.asyncDispose]());
const gateways = new Map<string, string | undefined>();
const reserved: string[] = [];
for (const document of documentsOf('pools.yaml')) {
  const { kind, metadata, spec } = document as {
    kind: string;
    metadata: { name: string };
    spec: { gateway?: string; ips: string[] };
  };
  if (kind === 'SpiderIPPool') {
    gateways.set(metadata.name, spec.gateway);
    await world.createPool(metadata.name, spec);
  } else {
    reserved.push(...spec.ips);
    await world.admin('POST', '/apis/spiderpool.spidernet.io/v2beta1/spiderreservedips', document);
  }
}

/** Keys that the agent would leave out without a word. */
function unknownKeysOf(pod: Annotations): readonly string[] {
  const known = new Set(['interface', 'ipv4', 'ipv6', 'cleangateway', 'dst', 'gw']);
  const lists = [keys.ippool, keys.ippools, keys.routes].map((key) => JSON.parse(pod[key] ?? '[]') as object);
  return lists.flat().flatMap((element) => Object.keys(element).filter((key) => !known.has(key)));
}

async function createExamplePod({ pod, namespace }: Example, number: number) {
  const name = `example-${number}`;
  await world.admin('POST', '/api/v1/namespaces', { metadata: { name, annotations: namespace } });
  return world.createPod('pod', 'worker-1', { namespace: name, annotations: pod });
}

describe('pods in documents', () => {
  test('there are many, and every annotation of pods and namespaces is among them', () => {
    assert.ok(examples.length >= 10, `${examples.length}`);
    const used = new Set(
      examples.flatMap(({ pod, namespace }) => [...Object.keys(pod), ...Object.keys(namespace)]),
    );
    for (const key of [keys.ippool, keys.ippools, keys.routes, keys.first, keys.others, ...keys.defaults]) {
      assert.ok(used.has(key), key);
    }
    assert.ok(reserved.length > 0);
  });

  for (const [number, example] of examples.entries()) {
    const title = Object.keys({ ...example.pod, ...example.namespace }).join(', ');
    test(`${example.place}: a real agent gives each NIC what it says (${title})`, async () => {
      const pod = await createExamplePod(example, number);
      const expected = expectedOf(example);
      assert.deepEqual(unknownKeysOf(example.pod), []);
      const routes = JSON.parse(example.pod[keys.routes] ?? '[]') as { dst: string; gw: string }[];
      for (const { nic, pools, cleansGateway, address } of expected) {
        const network = nicsOf(example.pod).get(nic)?.network ?? '';
        const result = resultOf(await world.add(pod, networks.get(network) ?? {}, nic));
        const uses = (await world.uses()).filter((use) => use.uid === pod.uid && use.nic === nic);
        assert.equal(uses.length, pools.length, `${nic} gets an address of each family`);
        for (const list of pools) {
          assert.ok(
            uses.some((use) => list.some((entry) => matchesGlob(use.pool, entry))),
            `${nic} of ${list.join(', ')}`,
          );
        }
        if (address !== undefined) assert.ok(result.ips.some((ip) => ip.address.startsWith(`${address}/`)));
        const wanted = uses.flatMap(({ pool }) => (cleansGateway ? [] : (gateways.get(pool) ?? [])));
        const defaults = (result.routes ?? []).filter(({ dst }) => dst === '0.0.0.0/0' || dst === '::/0');
        assert.deepEqual(new Set(defaults.map(({ gw }) => gw)), new Set(wanted), `default routes of ${nic}`);
        for (const route of routes) assert.ok(JSON.stringify(result.routes).includes(JSON.stringify(route)));
      }
    });
  }
});
