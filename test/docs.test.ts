import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseManifests } from '../src/api/manifest.ts';
import { CniCode } from '../src/cni/error.ts';
import { isJsonObject } from '../src/cni/field-reader.ts';
import { parseNetworkConfig } from '../src/cni/parse-config.ts';
import { cniVerbs } from '../src/cni/request.ts';
import { cniVersions } from '../src/cni/version.ts';
import { AgentMetrics } from '../src/metrics/agent-metrics.ts';
import { ControllerMetrics } from '../src/metrics/controller-metrics.ts';
import { runCommand } from './support/run-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const docs = join(root, 'docs');
const helpTimeoutMs = 60_000;

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The fenced blocks of a language. */
function fencedBlocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^[ ]*\`\`\`${language}\\n([\\s\\S]*?)^[ ]*\`\`\`$`, 'gm');
  return [...markdown.matchAll(fence)].map(([, text = '']) => text);
}

/** The first cells of the rows of all tables, without code marks. */
function firstCells(markdown: string): string[] {
  return markdown
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(' | ')[0]?.replaceAll(/[|`\s]/g, '') ?? '');
}

function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^[ ]*```[\s\S]*?^[ ]*```$/gm, '');
}

/** The anchors that GitHub makes of the headings; a repeated heading gets a number. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const [, heading = ''] of withoutFences(markdown).matchAll(/^#{1,6} (.+)$/gm)) {
    const slug = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** What is wrong with the links of a page that lead to files of the repository. */
function brokenLinks(page: string): string[] {
  const links = [...withoutFences(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(file)) return [`${relative(root, page)}: ${target}: there is no such file`];
      if (anchor === undefined || anchorsOf(read(file)).has(anchor)) return [];
      return [`${relative(root, page)}: ${target}: there is no such heading`];
    });
}

/** The names of the rows of a chapter of metrics.md with their types. */
function documentedMetrics(chapter: string): Record<string, string> {
  const markdown = read(join(docs, 'metrics.md'));
  const [, text = ''] = markdown.split(`\n## ${chapter}\n`);
  const [own = ''] = text.split('\n## ');
  const rows = [
    ...own.matchAll(/^\| `((?:spiderpool|process)_\w+)` (?:\| (?:agent|controller) )?\| (\w+) \|/gm),
  ];
  return Object.fromEntries(rows.map(([, name = '', type = '']) => [name, type]));
}

/** The names of what a registry exposes with their types. */
async function exposedMetrics({
  registry,
}: AgentMetrics | ControllerMetrics): Promise<Record<string, string>> {
  const metrics = await registry.getMetricsAsJSON();
  // prom-client types the kind as its enum, and gives the word.
  return Object.fromEntries(metrics.map(({ name, type }) => [name, String(type)] as const));
}

/** The configurations that a runtime would hand to the plugin: each plugin of a list gets the list's name and version. */
function networkConfigs(text: string): unknown[] {
  const config: unknown = JSON.parse(text);
  assert.ok(isJsonObject(config));
  if (!('plugins' in config)) return [config];
  const { plugins, name, cniVersion } = config;
  assert.ok(Array.isArray(plugins) && plugins.length > 0);
  return plugins.map((plugin: unknown) => Object.assign({}, plugin, { name, cniVersion }));
}

/** The long switches that a program's help lists, one line each. */
async function helpSwitches(program: string, args: readonly string[]): Promise<string[]> {
  const main = join(root, 'cmd', program, 'main.ts');
  const { stdout } = await runCommand(process.execPath, [main, ...args, '--help'], {
    timeoutMs: helpTimeoutMs,
  });
  return [...stdout.matchAll(/^ +(?:-\w, )?(--[a-z][a-z0-9-]*)/gm)].map(([, name = '']) => name);
}

/** Fails when a switch of the help is not on the page. */
async function assertSwitchesDocumented(
  program: string,
  args: readonly string[],
  page: string,
): Promise<void> {
  const markdown = read(join(docs, page));
  const switches = await helpSwitches(program, args);
  assert.ok(switches.includes('--help'), `${program} ${args.join(' ')} --help lists no switches`);
  for (const name of switches) {
    assert.match(markdown, new RegExp(`${name}(?![a-z-])`), `${name} is missing in docs/${page}`);
  }
}

describe('docs', () => {
  test('docs/errors.md has a row for each code of CniCode, and no other', () => {
    const codes = firstCells(read(join(docs, 'errors.md'))).filter((cell) => /^\d+$/.test(cell));
    assert.deepEqual(
      codes.map(Number),
      Object.values(CniCode).toSorted((a, b) => a - b),
    );
  });

  test('docs/metrics.md has a row for each metric of AgentMetrics and ControllerMetrics with its type, and no other', async () => {
    const agent = await exposedMetrics(new AgentMetrics());
    const controller = await exposedMetrics(new ControllerMetrics());
    assert.ok(Object.keys(agent).length > 0 && Object.keys(controller).length > 0);
    assert.deepEqual(documentedMetrics('The agent'), agent);
    assert.deepEqual(documentedMetrics('The controller'), controller);
    assert.deepEqual(
      { ...agent, ...controller, ...documentedMetrics('Debug metrics') },
      {
        ...(await exposedMetrics(new AgentMetrics({ debug: true }))),
        ...(await exposedMetrics(new ControllerMetrics({ debug: true }))),
      },
    );
  });

  test('every link within the repository leads to a file and a heading that exist', () => {
    const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: root });
    assert.ok(pages.includes('docs/README.md'));
    assert.deepEqual(
      pages.flatMap((page) => brokenLinks(join(root, page))),
      [],
    );
  });

  test('docs/README.md names every page and every example', () => {
    const index = read(join(docs, 'README.md'));
    for (const file of globSync(['*.md', 'examples/*'], { cwd: docs })) {
      if (file !== 'README.md') assert.ok(index.includes(`(${file})`), `${file} is not in docs/README.md`);
    }
  });

  test('docs/agent.md names every switch of spiderpool-agent', async () => {
    await assertSwitchesDocumented('spiderpool-agent', [], 'agent.md');
    await assertSwitchesDocumented('spiderpool-agent', ['daemon'], 'agent.md');
  });

  test('docs/controller.md names every switch of spiderpool-controller', async () => {
    await assertSwitchesDocumented('spiderpool-controller', [], 'controller.md');
    for (const command of ['daemon', 'init', 'clean'])
      await assertSwitchesDocumented('spiderpool-controller', [command], 'controller.md');
  });

  test('docs/spiderpoolctl.md has a chapter for every command and names its switches', async () => {
    const headings = anchorsOf(read(join(docs, 'spiderpoolctl.md')));
    const main = join(root, 'cmd/spiderpoolctl/main.ts');
    const { stdout } = await runCommand(process.execPath, [main, '--help'], { timeoutMs: helpTimeoutMs });
    const listed = stdout.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '';
    const commands = [...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
    assert.ok(commands.includes('explain'));
    await assertSwitchesDocumented('spiderpoolctl', [], 'spiderpoolctl.md');
    for (const command of commands.filter((name) => name !== 'help')) {
      assert.ok(headings.has(command), `docs/spiderpoolctl.md has no chapter ${command}`);
      await assertSwitchesDocumented('spiderpoolctl', [command], 'spiderpoolctl.md');
    }
  });

  test('manifests in docs/pools.md and docs/examples are accepted without a remark', () => {
    const examples = globSync('examples/*.yaml', { cwd: docs }).map((name) => read(join(docs, name)));
    const texts = [...fencedBlocks(read(join(docs, 'pools.md')), 'yaml'), ...examples];
    assert.ok(texts.length >= 2);
    for (const text of texts) {
      const { resources, problems } = parseManifests(text, 'example.yaml');
      assert.deepEqual(problems, [], text);
      assert.ok(resources.length > 0, text);
    }
  });

  test('network configurations in docs/cni-config.md and docs/examples are accepted', () => {
    const examples = globSync('examples/*.conflist', { cwd: docs }).map((name) => read(join(docs, name)));
    const texts = [...fencedBlocks(read(join(docs, 'cni-config.md')), 'json'), ...examples];
    assert.ok(texts.length >= 4);
    for (const config of texts.flatMap(networkConfigs)) {
      assert.doesNotThrow(() => parseNetworkConfig(config), JSON.stringify(config));
    }
  });

  test('docs/cni-config.md names every verb of the specification and every CNI version that is spoken', () => {
    const markdown = read(join(docs, 'cni-config.md'));
    for (const word of [...cniVerbs.map((verb) => `| ${verb.toUpperCase()} |`), ...cniVersions]) {
      assert.ok(markdown.includes(word), `${word} is missing in docs/cni-config.md`);
    }
  });
});
