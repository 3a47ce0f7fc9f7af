import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadAll } from 'js-yaml';
import { parseManifests } from '../src/api/manifest.ts';
import { allocationsText } from '../src/cli/allocations-text.ts';
import { explainText } from '../src/cli/explain-text.ts';
import { poolsTable } from '../src/cli/pools-text.ts';
import { CniCode } from '../src/cni/error.ts';
import { isJsonObject } from '../src/cni/field-reader.ts';
import { parseNetworkConfig } from '../src/cni/parse-config.ts';
import { isValuesFile } from './support/chart-values.ts';
import { type ControlPlane, startControlPlane } from './support/control-plane.ts';
import { type DocBlock, docBlocks, placeOf, repositoryFolder } from './support/doc-blocks.ts';
import { createMultusCrd } from './support/multus-crd.ts';

const blocks = docBlocks();
const exampleFolder = join(repositoryFolder, 'docs/examples/cluster');

/** What holds a block: a check here, or the named test. A block of no kind fails. */
const kinds: Readonly<Record<string, (block: DocBlock) => boolean>> = {
  'manifest, applied below': ({ info, text }) => info === 'yaml' && documentsOf(text).every(isManifest),
  'annotations, followed in doc-examples-pods.test.ts': ({ info, text }) =>
    info === 'yaml' && documentsOf(text).every(isAnnotations),
  'values, in doc-examples-commands.test.ts': ({ info, text }) => /^yaml\b/.test(info) && isValuesFile(text),
  'commands, in doc-examples-commands.test.ts': ({ info, text }) =>
    /^sh\b/.test(info) || (info === '' && text.startsWith('npm ')),
  'network configuration or error, below': ({ info }) => info === 'json',
  'calls and their output, below': ({ info }) => info === 'console',
  'messages, in doc-examples-messages.test.ts': ({ info, text }) => info === 'text' && !isDrawing(text),
  'drawing, below': ({ info, text }) => info === 'mermaid' || (/^(?:text)?$/.test(info) && isDrawing(text)),
  'query, in monitoring.test.ts and below': ({ info }) => info === 'promql',
  'configuration of Prometheus, below': ({ info, text }) =>
    info === 'yaml' && text.startsWith('scrape_configs:'),
  'settings of other programs, below': ({ info }) =>
    info === 'ini' || info === 'dockerfile' || info === 'toml',
};

interface ScrapeConfiguration {
  readonly scrape_configs: readonly {
    readonly job_name: string;
    readonly relabel_configs: readonly { readonly regex?: string }[];
  }[];
}

function documentsOf(text: string): readonly unknown[] {
  return loadAll(text);
}

function isManifest(document: unknown): boolean {
  return (
    isJsonObject(document) &&
    typeof document['kind'] === 'string' &&
    typeof document['apiVersion'] === 'string'
  );
}

function isAnnotations(document: unknown): boolean {
  return isJsonObject(document) && Object.keys(document).join(',') === 'metadata';
}

function isDrawing(text: string): boolean {
  return /[│▼▲┌└─]{1}/u.test(text);
}

function kindsOf(block: DocBlock): readonly string[] {
  return Object.entries(kinds).flatMap(([name, isOfKind]) => (isOfKind(block) ? [name] : []));
}

function ofKind(start: string): readonly DocBlock[] {
  return blocks.filter((block) => kindsOf(block).some((kind) => kind.startsWith(start)));
}

/** The manifests that stand for themselves: the others need what a test's cluster does not have. */
async function assertApplies(plane: ControlPlane, manifest: string): Promise<void> {
  const args = ['apply', '--dry-run=server', '--validate=strict', '--warnings-as-errors', '-f', '-'];
  const { stdout } = await plane.kubectl(args, { stdin: manifest });
  assert.match(stdout, /\(server dry run\)/);
}

/** The network configurations in NetworkAttachmentDefinitions. */
function configsOf(document: unknown): readonly unknown[] {
  const { kind, spec } = document as { kind: string; spec?: { config?: string } };
  return kind === 'NetworkAttachmentDefinition' ? [JSON.parse(spec?.config ?? '')] : [];
}

/** The configuration of each plugin of a list. */
function pluginsOf(config: unknown): readonly unknown[] {
  assert.ok(isJsonObject(config));
  const { plugins, ...rest } = config;
  return Array.isArray(plugins) ? plugins.map((plugin: object) => ({ ...rest, ...plugin })) : [config];
}

/** The first lines of today's tables, by their first word. */
function headings(): ReadonlyMap<string, readonly string[]> {
  const pools = poolsTable({ pools: [poolRow], problems: [] });
  const allocations = allocationsText({ allocations: [allocationRow] }, Date.parse(allocationRow.since));
  const explained = explainText({ nics: [explainRow] });
  const lines = [pools, allocations, explained.split('\n').slice(1).join('\n')].map(
    (text) => text.split('\n')[0] ?? '',
  );
  return new Map(lines.map((line) => [columnsOf(line)[0] ?? '', columnsOf(line)]));
}

const poolRow = {
  name: 'a',
  ipVersion: 4,
  subnet: '10.6.0.0/24',
  total: 1n,
  allocated: 1n,
  free: 0n,
  cooling: 0n,
  reserved: 0n,
  excluded: 0n,
  disabled: false,
  default: false,
  conditions: [],
} as const;
const allocationRow = {
  address: '10.6.0.10',
  pool: 'a',
  network: 'n',
  nic: 'eth0',
  since: '2026-01-01T00:00:00Z',
  holders: [{ uid: 'u', sandbox: 's', node: 'n', pod: 'default/a' }],
} as const;
const explainRow = {
  nic: 'eth0',
  family: 4,
  source: 'cni-config',
  sourceTitle: 'the CNI config',
  candidates: [{ pool: 'a', accepted: false, reason: 'is disabled' }],
} as const;

function columnsOf(line: string): readonly string[] {
  return line.trim().split(/ {2,}/);
}

describe('examples in documents', () => {
  for (const block of blocks) {
    test(`${placeOf(block)} is of exactly one kind that a test holds`, () => {
      assert.equal(kindsOf(block).length, 1, `${block.info}: ${kindsOf(block).join('; ') || 'of no kind'}`);
    });
  }

  describe('manifests', () => {
    let plane: ControlPlane;
    before(async () => {
      plane = await startControlPlane();
      await createMultusCrd(plane);
      await plane.ensure('/api/v1/namespaces', { metadata: { name: 'kube-system' } });
      await plane.ensure('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } });
    });
    after(async () => plane?.[Symbol.asyncDispose]());

    for (const block of ofKind('manifest')) {
      test(`${placeOf(block)} is accepted by the API server without a remark`, async () => {
        await assertApplies(plane, block.text);
        for (const config of documentsOf(block.text).flatMap(configsOf))
          assert.doesNotThrow(() => parseNetworkConfig(config));
        const own = documentsOf(block.text).filter((document) =>
          JSON.stringify(document).includes('"spiderpool.spidernet.io/'),
        );
        if (own.length > 0) assert.deepEqual(parseManifests(block.text, 'x.yaml').problems, []);
      });
    }

    test('docs/examples/cluster/first-pod.yaml is a Deployment of two pods that says nothing of addresses', () => {
      const text = readFileSync(join(exampleFolder, 'first-pod.yaml'), 'utf8');
      const [deployment] = documentsOf(text) as [{ kind: string; spec: { replicas: number } }];
      assert.equal(deployment.kind, 'Deployment');
      assert.equal(deployment.spec.replicas, 2);
      assert.ok(!text.includes('spidernet.io'));
    });

    for (const file of globSync('*.yaml', { cwd: exampleFolder })) {
      test(`docs/examples/cluster/${file} is accepted by the API server without a remark`, async () => {
        await assertApplies(plane, readFileSync(join(exampleFolder, file), 'utf8'));
      });
    }
  });

  for (const block of ofKind('network configuration')) {
    test(`${placeOf(block)} is a network configuration or an error that the plugin knows`, () => {
      const value: unknown = JSON.parse(block.text);
      if (isJsonObject(value) && 'code' in value) {
        assert.ok(Object.values<unknown>(CniCode).includes(value['code']));
        return;
      }
      for (const config of pluginsOf(value)) assert.doesNotThrow(() => parseNetworkConfig(config));
    });
  }

  for (const block of ofKind('calls')) {
    test(`${placeOf(block)} has the columns of today's tables`, () => {
      const known = headings();
      const titles = block.text.split('\n').filter((line) => /^ *[A-Z]{3,}(?: [A-Z]+)? {2,}[A-Z]/.test(line));
      for (const title of titles) {
        const columns = columnsOf(title);
        // A table in which nothing is rejected has no reasons, and says so by its heading all the same.
        assert.deepEqual(columns, known.get(columns[0] ?? ''), title);
      }
    });
  }

  for (const block of ofKind('drawing').filter(({ info }) => info === 'mermaid')) {
    test(`${placeOf(block)} is a diagram whose brackets, quotes and parts are closed`, () => {
      const [first = '', ...lines] = block.text.trim().split('\n');
      assert.match(first, /^(?:flowchart (?:LR|TD|TB)|stateDiagram-v2|sequenceDiagram)$/);
      const starts = lines.filter((line) => /^ *subgraph /.test(line)).length;
      assert.equal(lines.filter((line) => line.trim() === 'end').length, starts);
      for (const line of lines) assertDiagramLine(line, first);
    });
  }

  for (const block of ofKind('configuration of Prometheus')) {
    test(`${placeOf(block)} has jobs whose expressions can be read`, () => {
      const { scrape_configs: jobs } = documentsOf(block.text)[0] as ScrapeConfiguration;
      assert.ok(jobs.length > 0);
      for (const { job_name: name, relabel_configs: rules } of jobs) {
        assert.match(name, /^spiderpool-(?:agent|controller)$/);
        for (const { regex = '' } of rules) assert.doesNotThrow(() => new RegExp(regex));
      }
    });
  }

  for (const block of ofKind('settings').filter(({ info }) => info !== 'dockerfile')) {
    test(`${placeOf(block)} has sections, and keys with values`, () => {
      for (const line of block.text.trim().split('\n')) {
        if (line !== '') assert.match(line, /^(?:\[[\w.-]+\]|[\w.-]+ ?= ?.+|#.*)$/);
      }
    });
  }
});

/** Texts with more than words stand in quotes, as Mermaid wants them; arrows lead from and to something. */
function assertDiagramLine(line: string, diagram: string): void {
  const text = line.trim();
  assert.equal((text.match(/"/g) ?? []).length % 2, 0, line);
  if (diagram === 'stateDiagram-v2') {
    assert.match(text, /^(?:\[\*\]|\w+) --> (?:\[\*\]|\w+)(?:: [^:;]+)?$/, line);
    return;
  }
  const node = String.raw`\w+(?:\["[^"]+"\])?`;
  const arrow = String.raw`(?:-->|-- "[^"]+" -->)`;
  assert.match(text, new RegExp(`^(?:subgraph ${node}|end|${node}(?: ${arrow} ${node})*)$`), line);
}
