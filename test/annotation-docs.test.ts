import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { parseManifests } from '../src/api/manifest.ts';
import { buildCatalog } from '../src/ipam/catalog.ts';
import { compilePool, reservedAddresses } from '../src/ipam/compile-pool.ts';
import type { ClusterFacts } from '../src/ipam/facts.ts';
import { planAdd } from '../src/ipam/plan.ts';
import { nicRequest } from '../src/ipam/testing/facts.ts';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));
const page = readFileSync(`${docs}annotations.md`, 'utf8');
const namespaceKeys = /^ipam\.spidernet\.io\/default-ipv[46]-ippool$/;

const { resources } = parseManifests(
  readFileSync(`${docs}examples/cluster/pools.yaml`, 'utf8'),
  'pools.yaml',
);
const pools = resources.flatMap(({ resource }) =>
  resource.kind === 'SpiderIPPool' ? [compilePool(resource)] : [],
);
const catalog = buildCatalog(pools, reservedAddresses([]));

type Annotations = Readonly<Record<string, string>>;

/** What the ADD of a pod's first NIC meets when the page's annotations stand on the pod or on its namespace. */
function factsWith(annotations: Annotations): ClusterFacts {
  const of = (isNamespace: boolean): Annotations =>
    Object.fromEntries(
      Object.entries(annotations).filter(([key]) => namespaceKeys.test(key) === isNamespace),
    );
  return {
    node: { name: 'node-1', labels: {} },
    namespace: { name: 'shop', labels: {}, annotations: of(true) },
    pod: { name: 'web-0', labels: {}, annotations: of(false) },
    catalog,
    multus: { agentNamespace: 'spiderpool' },
  };
}

/** The parts of the page below headings of the second order. */
const chapters = page.split(/^## /m).map((text) => ({ title: text.split('\n')[0] ?? '', text }));

describe('docs/annotations.md', () => {
  const answers = chapters.flatMap(({ title, text }) =>
    [...text.matchAll(/^\| `(.+?)` \| (\d+) \| `(.+)` \|$/gm)].map(([, written = '', code, answer = '']) => ({
      key: title,
      written,
      code: Number(code),
      answer,
    })),
  );

  test('has rows for every annotation that a pod or namespace may write wrongly', () => {
    assert.deepEqual(
      [...new Set(answers.map(({ key }) => key))],
      [
        'ipam.spidernet.io/ippool',
        'ipam.spidernet.io/ippools',
        'ipam.spidernet.io/default-ipv4-ippool',
        'ipam.spidernet.io/routes',
      ],
    );
  });

  for (const { key, written, code, answer } of answers) {
    test(`${key}: ${written} is answered as it says`, () => {
      const pool: Annotations = key.endsWith('/routes')
        ? { 'ipam.spidernet.io/ippool': '{"ipv4":["vlan6-v4"]}' }
        : {};
      const { problem } = planAdd(nicRequest(), factsWith({ ...pool, [key]: written }), { 4: true, 6: true });
      assert.equal(problem?.code, code);
      assert.ok(problem.message.includes(answer), problem.message);
    });
  }

  test('has examples that are followed', () => {
    const examples = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => load(yaml));
    assert.ok(examples.length >= 5);
    for (const example of examples) {
      const { annotations } = (example as { metadata: { annotations: Annotations } }).metadata;
      const plan = planAdd(nicRequest(), factsWith(annotations), { 4: true, 6: true });
      assert.equal(plan.problem, undefined, JSON.stringify(annotations));
      assert.ok(plan.nics.length > 0);
    }
  });
});
