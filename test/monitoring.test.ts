import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { load, loadAll } from 'js-yaml';
import type { Registry } from 'prom-client';
import { AgentMetrics } from '../src/metrics/agent-metrics.ts';
import { ControllerMetrics } from '../src/metrics/controller-metrics.ts';
import { findHelm } from './support/helm.ts';
import { runOrThrow } from './support/run-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const chart = join(root, 'deploy/chart');
const helmTimeoutMs = 60_000;

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface RuleFile {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[];
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
}

interface Variable {
  readonly name: string;
  readonly type: string;
  readonly definition?: string;
}

interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

interface KubeObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string; readonly labels: Labels };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: {
    readonly selector: Labels & { readonly matchLabels: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels } };
    readonly ports: readonly { readonly name: string; readonly targetPort: number }[];
    readonly endpoints: readonly {
      readonly port: string;
      readonly relabelings: readonly { readonly targetLabel: string; readonly replacement?: string }[];
    }[];
  };
}

type Labels = Readonly<Record<string, string>>;

/** Names of metrics with the names of their labels. */
type Known = ReadonlyMap<string, ReadonlySet<string>>;

/** What Prometheus, its operator, or docs/monitoring.md's configuration adds to everything that is scraped. */
const targetLabels = ['job', 'instance', 'namespace', 'node', 'pod', 'container', 'service', 'endpoint'];

/** Metrics of others that rules and dashboard may name. */
const foreign: Known = new Map(
  Object.entries({
    // Prometheus itself.
    up: [],
    // kube-state-metrics.
    kube_daemonset_status_number_unavailable: ['daemonset'],
    // kube-apiserver.
    apiserver_admission_webhook_rejection_count: [
      'error_type',
      'name',
      'operation',
      'rejection_code',
      'type',
    ],
    apiserver_admission_webhook_fail_open_count: ['name', 'type'],
  }).map(([name, labels]) => [name, new Set([...labels, ...targetLabels])]),
);

/** What dashboards of the original show; ours take the histograms, from which several processes can be added up. */
const forOtherDashboards = /^spiderpool_ipam_\w+_(average|max|min|latest)_(limit_)?duration_seconds$/;

const severities: ReadonlySet<string> = new Set(['info', 'warning', 'critical']);

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

const rulesText = read('deploy/chart/files/prometheus-rules.yaml');
const dashboardText = read('deploy/chart/files/grafana-dashboard.json');
const rules = (load(rulesText) as RuleFile).groups.flatMap((group) => group.rules);
const alerts = rules.flatMap(({ alert, ...rule }) => (alert === undefined ? [] : [{ alert, ...rule }]));
const dashboard = JSON.parse(dashboardText) as Dashboard;

/** All series of a registry, as a scrape sees them: histograms are three names. */
async function exposed(registry: Registry): Promise<[string, ReadonlySet<string>][]> {
  const labels = new Map<string, Set<string>>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, inBraces = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = labels.get(name) ?? new Set(targetLabels);
    for (const [, label = ''] of inBraces.matchAll(/(\w+)="/g)) known.add(label);
    labels.set(name, known);
  }
  return [...labels];
}

async function ownMetrics(): Promise<Map<string, ReadonlySet<string>>> {
  const controller = new ControllerMetrics();
  const pool = { name: 'a', total: 1n, allocated: 1, free: 0n, cooling: 0, suspect: 0, reserved: 0n };
  controller.lead({ pools: () => [pool], subnets: () => [] });
  controller.objects('pools', 1);
  controller.objects('subnets', 0);
  controller.collectionPassed();
  return new Map([...(await exposed(new AgentMetrics().registry)), ...(await exposed(controller.registry))]);
}

/** The nodes of a kind below a node, itself included. */
function nodesOf(node: SyntaxNode, kind: string): SyntaxNode[] {
  const found = node.name === kind ? [node] : [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    found.push(...nodesOf(child, kind));
  }
  return found;
}

/** A PromQL expression whose names can be asked for. */
class Expression {
  readonly #text: string;
  readonly #top: SyntaxNode;

  /** @throws AssertionError when it is not PromQL */
  constructor(text: string) {
    this.#text = text;
    this.#top = parser.parse(text).topNode;
    assert.equal(nodesOf(this.#top, '⚠').length, 0, `not PromQL: ${text}`);
  }

  #textsOf(node: SyntaxNode, kind: string): string[] {
    return nodesOf(node, kind).map(({ from, to }) => this.#text.slice(from, to));
  }

  #metricOf(selector: SyntaxNode): string {
    const identifier = selector.getChild('Identifier');
    assert.ok(identifier, `a selector without a metric: ${this.#text}`);
    return this.#text.slice(identifier.from, identifier.to);
  }

  get metrics(): string[] {
    return nodesOf(this.#top, 'VectorSelector').map((selector) => this.#metricOf(selector));
  }

  /** The labels that its result has by its outermost aggregation; undefined without one. */
  get resultLabels(): string[] | undefined {
    const [aggregation] = nodesOf(this.#top, 'AggregateExpr');
    if (aggregation === undefined) return undefined;
    const modifier = aggregation.getChild('AggregateModifier');
    return modifier === null ? [] : this.#textsOf(modifier, 'LabelName');
  }

  /** What is wrong with its names. */
  problems(known: Known): string[] {
    const found: string[] = [];
    const want = (selector: SyntaxNode, labels: readonly string[]): void => {
      const metric = this.#metricOf(selector);
      const own = known.get(metric);
      if (own === undefined) found.push(`there is no metric ${metric}: ${this.#text}`);
      for (const label of labels) {
        if (own?.has(label) === false) found.push(`${metric} has no label ${label}: ${this.#text}`);
      }
    };
    for (const selector of nodesOf(this.#top, 'VectorSelector')) {
      want(selector, this.#textsOf(selector, 'LabelName'));
    }
    for (const aggregation of nodesOf(this.#top, 'AggregateExpr')) {
      const modifier = aggregation.getChild('AggregateModifier');
      if (modifier === null) continue;
      for (const selector of nodesOf(aggregation, 'VectorSelector')) {
        want(selector, this.#textsOf(modifier, 'LabelName'));
      }
    }
    return found;
  }
}

/** Queries within a template of an annotation. */
function queriesIn(template: string): string[] {
  return [...template.matchAll(/query (?:\(printf )?"([^"]+)"/g)].map(([, query = '']) =>
    query.replaceAll('%s', 'any'),
  );
}

/** An expression of the dashboard as Grafana sends it. */
function substituted(expression: string): string {
  const text = expression
    .replaceAll('$__rate_interval', '2m')
    .replaceAll(/\$(\w+)/g, (variable, name: string) => {
      assert.ok(
        dashboard.templating.list.some((each) => each.name === name),
        `the dashboard has no variable ${variable}`,
      );
      return '.*';
    });
  return text;
}

/** What the dashboard asks for: its panels, and the queries of its variables. */
function dashboardExpressions(): string[] {
  const ofPanels = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const ofVariables = dashboard.templating.list.flatMap(({ definition }) => {
    if (definition === undefined) return [];
    const [, selector, label] = /^label_values\((.+), (\w+)\)$/.exec(definition) ?? [];
    assert.ok(selector !== undefined && label !== undefined, definition);
    return [`count by (${label}) (${selector})`];
  });
  return [...ofPanels, ...ofVariables].map(substituted);
}

/** Whether an object is there only for monitoring. */
function isOfMonitoring({ kind, metadata }: KubeObject): boolean {
  return (
    ['ServiceMonitor', 'PrometheusRule', 'GrafanaDashboard'].includes(kind) ||
    /-(metrics|dashboard)$/.test(metadata.name)
  );
}

describe('monitoring', () => {
  let own: ReadonlyMap<string, ReadonlySet<string>>;
  let known: Map<string, ReadonlySet<string>>;

  before(async () => {
    own = await ownMetrics();
    known = new Map([...foreign, ...own]);
    for (const { record, expr, labels = {} } of rules) {
      if (record === undefined) continue;
      const expression = new Expression(expr);
      const inherited = expression.metrics.flatMap((metric) => [...(known.get(metric) ?? [])]);
      const already = known.get(record) ?? [];
      known.set(
        record,
        new Set([...already, ...(expression.resultLabels ?? inherited), ...Object.keys(labels)]),
      );
    }
  });

  test('Expression finds what is not PromQL, and names that do not exist', () => {
    assert.throws(() => new Expression('sum by (node'), /not PromQL/);
    assert.throws(() => new Expression('rate(up[5m)'), /not PromQL/);
    const bad = 'sum by (pool) (rate(spiderpool_ipam_ready{colour="red"}[5m])) / spiderpool_missing';
    assert.deepEqual(
      new Expression(bad).problems(known).map((problem) => problem.split(':')[0]),
      [
        'spiderpool_ipam_ready has no label colour',
        'there is no metric spiderpool_missing',
        'spiderpool_ipam_ready has no label pool',
      ],
    );
    const bucket = 'sum by (le) (rate(spiderpool_ipam_release_duration_seconds_sum[5m]))';
    assert.match(new Expression(bucket).problems(known).join(), /has no label le/);
  });

  test('prometheus-rules.yaml asks only for metrics and labels that exist', () => {
    assert.ok(rules.length > alerts.length && alerts.length > 0);
    const expressions = rules.flatMap(({ expr, annotations = {} }) => [
      expr,
      ...Object.values(annotations).flatMap(queriesIn),
    ]);
    assert.ok(expressions.length > rules.length, 'no query was found within annotations');
    assert.deepEqual(
      expressions.flatMap((expr) => new Expression(expr).problems(known)),
      [],
    );
  });

  test('prometheus-rules.yaml gives each alert a name of its own, a severity, words and a chapter of the runbook', () => {
    const headings = [...read('docs/monitoring.md').matchAll(/^### (Spiderpool\w+)$/gm)].map(
      ([, name]) => name,
    );
    assert.deepEqual(
      headings,
      alerts.map(({ alert }) => alert),
    );
    assert.equal(new Set(headings).size, headings.length);
    for (const { alert, labels, annotations } of alerts) {
      assert.ok(severities.has(labels?.['severity'] ?? ''), `${alert} has no severity`);
      assert.ok((annotations?.['summary'] ?? '').length > 0, `${alert} has no summary`);
      assert.ok((annotations?.['description'] ?? '').length > 0, `${alert} has no description`);
      assert.equal(annotations?.['runbook_url'], `docs/monitoring.md#${alert.toLowerCase()}`);
    }
  });

  test('prometheus-rules.yaml speaks only of labels that the result of an alert has', () => {
    for (const { alert, expr, annotations = {} } of alerts) {
      const expression = new Expression(expr);
      const labels =
        expression.resultLabels ?? expression.metrics.flatMap((each) => [...(known.get(each) ?? [])]);
      for (const [, label = ''] of Object.values(annotations)
        .join(' ')
        .matchAll(/\$labels\.(\w+)/g)) {
        assert.ok(labels.includes(label), `${alert} has no label ${label}`);
      }
    }
  });

  test('grafana-dashboard.json asks only for metrics, labels and variables that exist', () => {
    const expressions = dashboardExpressions();
    assert.ok(expressions.length > dashboard.panels.length / 2);
    assert.deepEqual(
      expressions.flatMap((expr) => new Expression(expr).problems(known)),
      [],
    );
  });

  test('grafana-dashboard.json has panels with ids of their own, a unit and a description, that do not overlap', () => {
    const { panels } = dashboard;
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
    for (const { type, title, description, fieldConfig, targets = [] } of panels) {
      if (type === 'row') continue;
      assert.ok((fieldConfig?.defaults.unit ?? '') !== '', `${title} has no unit`);
      assert.ok((description ?? '') !== '', `${title} has no description`);
      assert.ok(targets.length > 0, `${title} asks for nothing`);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    }
    const taken = new Map<string, string>();
    for (const { title, gridPos } of panels) {
      const { x, y, w, h } = gridPos;
      assert.ok(x >= 0 && x + w <= 24, `${title} is outside of the grid`);
      for (let column = x; column < x + w; column++) {
        for (let line = y; line < y + h; line++) {
          const cell = `${column},${line}`;
          assert.equal(taken.get(cell), undefined, `${title} lies over another panel`);
          taken.set(cell, title);
        }
      }
    }
  });

  test('every metric is in a rule or on the dashboard, or docs/metrics.md says for what it is', () => {
    const used = [...rules.map(({ expr }) => expr), ...dashboardExpressions()].flatMap(
      (expr) => new Expression(expr).metrics,
    );
    const names = new Set(used.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    const unused = [...own.keys()]
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''))
      .filter((name) => !names.has(name) && !forOtherDashboards.test(name));
    assert.deepEqual(unused, []);
    assert.match(
      read('docs/metrics.md'),
      /`average`, `max`, `min` and `latest`[^.]* dashboards of the original/,
    );
  });

  test('docs/monitoring.md scrapes the jobs that rules know, on the ports of the chart', () => {
    const [, example = ''] = /```yaml\n(scrape_configs:[\s\S]*?)```/.exec(read('docs/monitoring.md')) ?? [];
    const { scrape_configs: jobs } = load(example) as {
      readonly scrape_configs: readonly { readonly job_name: string; readonly relabel_configs: unknown }[];
    };
    const values = load(read('deploy/chart/values.yaml')) as Record<
      'spiderpoolAgent' | 'spiderpoolController',
      { readonly prometheus: { readonly port: number } }
    >;
    const ports = {
      'spiderpool-agent': values.spiderpoolAgent,
      'spiderpool-controller': values.spiderpoolController,
    };
    assert.deepEqual(
      jobs.map(({ job_name: name }) => name),
      Object.keys(ports),
    );
    for (const [index, { prometheus }] of Object.values(ports).entries()) {
      const text = JSON.stringify(jobs[index]?.relabel_configs);
      assert.match(text, new RegExp(`:${prometheus.port}"`));
      assert.match(text, /"target_label":"node"/);
    }
  });
});

describe('monitoring of the chart', () => {
  let helm: string;

  before(async () => {
    helm = await findHelm();
  });

  /** What the chart makes with these values. */
  async function rendered(...values: readonly string[]): Promise<KubeObject[]> {
    const switches = values.flatMap((value) => ['--set', value]);
    const args = ['template', 'rel', chart, '--namespace', 'net', '--kube-version', '1.34.0', ...switches];
    const stdout = await runOrThrow(helm, args, { timeoutMs: helmTimeoutMs });
    return loadAll(stdout).filter((document) => document !== null) as KubeObject[];
  }

  const everything = [
    'spiderpoolAgent.prometheus.enabled=true',
    'spiderpoolController.prometheus.enabled=true',
    'spiderpoolAgent.prometheus.serviceMonitor.install=true',
    'spiderpoolAgent.prometheus.serviceMonitor.labels.release=stack',
    'spiderpoolController.prometheus.serviceMonitor.install=true',
    'spiderpoolAgent.prometheus.prometheusRule.install=true',
    'spiderpoolAgent.prometheus.prometheusRule.runbookBaseUrl=https://wiki.test/',
    'grafanaDashboard.install=true',
    'grafanaDashboard.namespace=grafana',
    'grafanaDashboard.operator.install=true',
  ];

  test('the chart makes nothing for monitoring until it is asked to', async () => {
    const objects = await rendered();
    assert.ok(objects.length > 0);
    assert.deepEqual(objects.filter(isOfMonitoring), []);
  });

  test('the chart makes the objects of the Prometheus operator and of Grafana', async () => {
    const objects = (await rendered(...everything)).filter(isOfMonitoring);
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`).sort(),
      [
        'ConfigMap grafana/spiderpool-dashboard',
        'GrafanaDashboard grafana/spiderpool',
        'PrometheusRule net/spiderpool',
        'Service net/spiderpool-agent-metrics',
        'Service net/spiderpool-controller-metrics',
        'ServiceMonitor net/spiderpool-agent',
        'ServiceMonitor net/spiderpool-controller',
      ],
    );
    const of = (kind: string): KubeObject | undefined => objects.find((object) => object.kind === kind);
    const linked = rulesText.replaceAll('docs/monitoring.md#', 'https://wiki.test/docs/monitoring.md#');
    assert.deepEqual(of('PrometheusRule')?.spec, load(linked.replace(/^(#.*)https:\/\/wiki.test\//gm, '$1')));
    const map = of('ConfigMap');
    assert.equal(map?.metadata.labels['grafana_dashboard'], '1');
    assert.deepEqual(JSON.parse(map?.data?.['spiderpool.json'] ?? ''), dashboard);
    assert.equal(of('ServiceMonitor')?.metadata.labels['release'], 'stack');
  });

  test('the chart has pods, Service and ServiceMonitor of a component find each other', async () => {
    const objects = await rendered(...everything, 'spiderpoolAgent.prometheus.port=7711');
    const find = (kind: string, name: string): KubeObject => {
      const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
      assert.ok(found, `there is no ${kind} ${name}`);
      return found;
    };
    const components = [
      ['DaemonSet', 'spiderpool-agent', 'spiderpool-agent', 7711],
      ['Deployment', 'spiderpool-controller', 'spiderpool-controller', 5721],
    ] as const;
    for (const [kind, name, job, port] of components) {
      const { labels } = find(kind, name).spec.template.metadata;
      const service = find('Service', `${name}-metrics`);
      const monitor = find('ServiceMonitor', name);
      for (const [key, value] of Object.entries(service.spec.selector)) assert.equal(labels[key], value);
      for (const [key, value] of Object.entries(monitor.spec.selector.matchLabels)) {
        assert.equal(service.metadata.labels[key], value);
      }
      const [endpoint] = monitor.spec.endpoints;
      assert.equal(service.spec.ports.find((each) => each.name === endpoint?.port)?.targetPort, port);
      const replaced = endpoint?.relabelings.find(({ targetLabel }) => targetLabel === 'job');
      assert.equal(replaced?.replacement, job);
    }
  });

  test('the chart refuses a ServiceMonitor of metrics that are not served', async () => {
    await assert.rejects(
      rendered('spiderpoolAgent.prometheus.serviceMonitor.install=true'),
      /set its prometheus\.enabled to true/,
    );
  });
});
