import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runOrThrow } from './support/run-command.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pages = ['install-on-a-host.md', 'podman-and-nerdctl.md'];

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function shellBlocks(page: string): string[] {
  return [...read(`docs/${page}`).matchAll(/^```sh.*\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
}

describe('docs for a host', () => {
  test('every shell block is read by sh without a complaint', async () => {
    for (const page of pages) {
      const blocks = shellBlocks(page);
      assert.ok(blocks.length >= 2, page);
      for (const block of blocks) await runOrThrow('sh', ['-n'], { stdin: block });
    }
  });

  test('scripts and examples that the commands name are in the archive', () => {
    const text = pages.flatMap(shellBlocks).join('\n');
    const scripts = [...text.matchAll(/\.\/([a-z]+\.sh)/g)].map(([, name = '']) => name);
    assert.deepEqual([...new Set(scripts)].toSorted(), ['install.sh', 'uninstall.sh']);
    for (const script of scripts) assert.ok(existsSync(join(root, 'deploy/host', script)), script);
    const examples = [...text.matchAll(/(?<= )examples\/(\S+)/g)].map(([, name = '']) => name);
    assert.ok(examples.length >= 2);
    for (const example of examples) {
      assert.ok(read('scripts/package.ts').includes(`'examples/${basename(example)}'`), example);
    }
  });

  test('switches of the scripts that the pages name exist', async () => {
    for (const page of pages) {
      for (const [, script = '', given = ''] of read(`docs/${page}`).matchAll(
        /\.\/(\w+\.sh)((?: --[a-z-]+)*)/g,
      )) {
        const help = await runOrThrow('sh', [join(root, 'deploy/host', script), '--help']);
        for (const option of given.split(' ').filter(Boolean))
          assert.ok(help.includes(option), `${script} ${option}`);
      }
    }
  });
});
