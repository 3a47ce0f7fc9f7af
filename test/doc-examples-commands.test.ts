import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { before, describe, test } from 'node:test';
import { chartValues, isValuesFile, problemOfValue, problemsOfValues } from './support/chart-values.ts';
import { docBlocks, placeOf, readPage, repositoryFolder } from './support/doc-blocks.ts';
import { runOrThrow } from './support/run-command.ts';
import { type ShellCommand, shellCommands } from './support/shell-commands.ts';

/** Our own programs, whose commands and switches are held against their help. */
const ownPrograms = ['spiderpoolctl', 'spiderpool-agent', 'spiderpool-controller'] as const;
type OwnProgram = (typeof ownPrograms)[number];

/** What a person has on the machine: not ours, so only paths of the repository in their words are looked at. */
const foreignPrograms = new Set(
  `apt-get awk base64 cat cd chmod cp crictl ctr curl docker echo env getcap grep ip jq journalctl lsns mkdir modprobe mv
   nerdctl nsenter oras podman printf rm sed sleep sqlite3 sudo systemctl tar test tee true wget xargs buildah skopeo gzip cosign
   install ls readlink uname sha256sum ln kill spiderpool export source which helm kubectl npm bash sh node install-host.sh`
    .split(/\s+/)
    .filter((word) => word !== ''),
);
const kubectlVerbs = new Set(
  'annotate api-resources apply auth cluster-info config cordon cp create delete describe drain edit exec get label logs patch port-forward rollout scale set taint top uncordon version wait'.split(
    ' ',
  ),
);
/** Kinds that documents look at, with the short names of the CRDs. */
const kubectlKinds =
  /^(?:(?:sp|ss|sr|se|sb|spider\w+)(?:,s\w)*|all|pods?|po|nodes?|namespaces?|ns|daemonsets?|ds|deployments?|deploy|statefulsets?|sts|configmaps?|cm|secrets?|events|leases?|crds?|network-attachment-definitions|net-attach-def|service(?:account)?s?|(?:validating|mutating)webhookconfigurations?(?:,(?:validating|mutating)webhookconfigurations?)*|validatingadmissionpolic(?:y|ies|ybindings?)|clusterroles?|clusterrolebindings?|token)(?:\/.*)?$/;

/** The switches and the commands that each program's help lists. */
const help = new Map<
  string,
  { readonly switches: ReadonlySet<string>; readonly commands: ReadonlySet<string> }
>();

async function readHelp(program: OwnProgram, args: readonly string[]): Promise<ReadonlySet<string>> {
  const main = join(repositoryFolder, 'cmd', program, 'main.ts');
  const stdout = await runOrThrow(process.execPath, [main, ...args, '--help']);
  const switches = [...stdout.matchAll(/^ +(?:(-\w), )?(--[a-z][a-z0-9-]*)/gm)].flatMap(([, short, long]) => [
    ...(short === undefined ? [] : [short]),
    long ?? '',
  ]);
  const listed = stdout.split('\nCommands:\n')[1]?.split('\n\n')[0] ?? '';
  const commands = new Set([...listed.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name));
  help.set([program, ...args].join(' '), { switches: new Set(switches), commands });
  return commands;
}

/** A text in code marks that begins as a call does. */
function isMessage(text: string): boolean {
  return text.startsWith('spiderpool-agent does not answer');
}

/** What is wrong with a call of one of our programs. */
function problemOfOwn(program: OwnProgram, args: readonly string[]): string | undefined {
  const own = help.get(program);
  assert.ok(own !== undefined);
  const command = args.find((arg) => own.commands.has(arg));
  const isComplete = command !== undefined || args.some((arg) => /^(?:--version|-V|--help|-h|…)$/.test(arg));
  if (!isComplete) return `${program} has no such command: ${args.join(' ')}`;
  const known = command === undefined ? own : help.get(`${program} ${command}`);
  const switches = args.filter((arg) => /^--?[a-z]/.test(arg)).map((arg) => arg.split('=')[0] ?? '');
  const unknown = switches.filter((name) => !own.switches.has(name) && known?.switches.has(name) !== true);
  return unknown.length === 0 ? undefined : `${program} ${command ?? ''} has no ${unknown.join(', ')}`;
}

function problemsOfHelm(args: readonly string[]): readonly string[] {
  const [verb = '', , chart = ''] = args;
  const problems: string[] = [];
  if (
    !['install', 'upgrade', 'uninstall', 'template', 'get', 'list', 'status', 'history', 'rollback'].includes(
      verb,
    )
  ) {
    problems.push(`helm has no ${verb}`);
  }
  if (['install', 'upgrade', 'template'].includes(verb)) {
    if (!existsSync(join(repositoryFolder, chart, 'Chart.yaml'))) problems.push(`${chart} is no chart`);
  }
  for (const [index, arg] of args.entries()) {
    if (!arg.startsWith('--set')) continue;
    const assignments = (args[index + 1] ?? '').split(/,(?![^{]*\})/);
    for (const assignment of assignments) {
      const problem = problemOfValue(assignment.split('=')[0] ?? '');
      if (problem !== undefined) problems.push(problem);
    }
  }
  return problems;
}

function problemsOfKubectl(args: readonly string[]): readonly string[] {
  const words = args.filter(
    (arg, index) =>
      !arg.startsWith('-') && !/^(?:-n|-f|-o|-l|-p|--type|--context)$/.test(args[index - 1] ?? ''),
  );
  const [verb = '', kind = ''] = words;
  if (!kubectlVerbs.has(verb)) return [`kubectl has no ${verb}`];
  const names =
    ['get', 'delete', 'describe', 'patch', 'label', 'annotate', 'scale', 'create'].includes(verb) &&
    kind !== '';
  if (names && !kubectlKinds.test(kind) && !args.includes('-f'))
    return [`kubectl ${verb}: nobody knows ${kind}`];
  return [];
}

const scripts = Object.keys(
  (JSON.parse(readFileSync(join(repositoryFolder, 'package.json'), 'utf8')) as { scripts: object }).scripts,
);

function problemsOfNpm([verb = '', name = '']: readonly string[]): readonly string[] {
  if (['ci', 'install'].includes(verb)) return [];
  const script = verb === 'run' ? name : verb;
  return scripts.includes(script) ? [] : [`package.json has no script ${script}`];
}

/** Paths of the repository that do not exist. What is built is there when tests run. */
function missingPaths(words: readonly string[]): readonly string[] {
  const paths = words.filter((word) => /^(?:docs|deploy|scripts|test|src|cmd|dist)\/[\w./-]*$/.test(word));
  return paths
    .filter((path) => !path.startsWith('dist/') && !existsSync(join(repositoryFolder, path)))
    .map((path) => `${path} does not exist`);
}

function problemsOf([program, ...args]: ShellCommand, defined: ReadonlySet<string>): readonly string[] {
  const name = basename(program).replace(/\.[cm]?js$/, '');
  const paths = missingPaths([program, ...args]);
  const own = ownPrograms.find((one) => one === name);
  if (own !== undefined) {
    const problem = problemOfOwn(own, args);
    return [...paths, ...(problem === undefined ? [] : [problem])];
  }
  if (name === 'node' && args[0] !== undefined && /spiderpool/.test(args[0])) {
    return [...paths, ...problemsOf(args as unknown as ShellCommand, defined)];
  }
  if (name === 'helm') return [...paths, ...problemsOfHelm(args)];
  if (name === 'npm') return [...paths, ...problemsOfNpm(args)];
  if (name === 'kubectl') {
    const inner = args.indexOf('--');
    const outer = inner === -1 ? args : args.slice(0, inner);
    const [first, ...rest] = inner === -1 ? [] : args.slice(inner + 1);
    const within = first === undefined ? [] : problemsOf([first, ...rest], defined);
    return [...paths, ...problemsOfKubectl(outer), ...within];
  }
  if (name === 'xargs' && args[0] === 'kubectl') return problemsOfKubectl(args.slice(1));
  if (program.includes('/') && !program.startsWith('/')) return paths;
  if (foreignPrograms.has(name) || defined.has(name)) return paths;
  return [...paths, `nobody knows the program ${program}: add it to this test if it is right`];
}

/** The functions that the scripts of a page define. */
function functionsOf(page: string): ReadonlySet<string> {
  return new Set([...readPage(page).matchAll(/^ *(\w+)\(\) \{/gm)].map(([, name = '']) => name));
}

function assertRight(script: string, page: string): void {
  const commands = shellCommands(script);
  assert.ok(commands.length > 0, 'there is no command');
  const defined = functionsOf(page);
  assert.deepEqual(
    commands.flatMap((command) => problemsOf(command, defined)),
    [],
    script,
  );
}

describe('commands in documents', () => {
  const blocks = docBlocks();

  before(async () => {
    for (const program of ownPrograms) {
      for (const command of await readHelp(program, []))
        if (command !== 'help') await readHelp(program, [command]);
    }
  });

  for (const block of blocks.filter(
    ({ info, text }) => /^sh\b/.test(info) || (info === '' && text.startsWith('npm ')),
  )) {
    test(`${placeOf(block)} calls programs, commands, switches, values and files that exist`, () => {
      assertRight(block.text, block.page);
    });
  }

  for (const block of blocks.filter(({ info, text }) => info === 'console' && /^[#$] /m.test(text))) {
    test(`${placeOf(block)} shows calls of programs, commands and switches that exist`, () => {
      const lines = block.text.split('\n').filter((line) => /^[#$] /.test(line));
      assertRight(lines.map((line) => line.slice(2)).join('\n'), block.page);
    });
  }

  for (const block of blocks.filter(({ info, text }) => /^yaml\b/.test(info) && isValuesFile(text))) {
    test(`${placeOf(block)} sets values that the chart has`, () => {
      assert.deepEqual(problemsOfValues(block.text), []);
    });
  }

  test('inline commands of our own programs exist', () => {
    const calls = new RegExp(`\`((?:${ownPrograms.join('|')}) [^\`]+)\``, 'g');
    const pages = [...new Set(blocks.map(({ page }) => page))];
    const found = pages.flatMap((page) =>
      [...readPage(page).matchAll(calls)].map(([, text = '']) => ({ page, text })),
    );
    assert.ok(found.length > 10);
    const problems = found
      .filter(({ text }) => !isMessage(text))
      .flatMap(({ page, text }) =>
        shellCommands(text.replaceAll(/\\?\|/g, ';')).flatMap((command) =>
          problemsOf(command, new Set()).map((problem) => `${page}: ${text}: ${problem}`),
        ),
      );
    assert.deepEqual(problems, []);
  });

  test('values that pages name exist in the chart', () => {
    const sections = Object.keys(chartValues).join('|');
    const found = [...new Set(blocks.map(({ page }) => page))].flatMap((page) =>
      [...readPage(page).matchAll(new RegExp(`\`((?:${sections})\\.[\\w.]+\\w)(?:\\.\\*)?[\`=]`, 'g'))].map(
        ([, path = '']) => `${page}: ${problemOfValue(path) ?? 'ok'}`,
      ),
    );
    assert.ok(found.length > 10);
    assert.deepEqual(
      found.filter((one) => !one.endsWith(': ok')),
      [],
    );
  });
});
