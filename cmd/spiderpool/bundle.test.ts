import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { buildPlugin } from './testing/plugin-harness.ts';

const bundle = fileURLToPath(new URL('../../dist/spiderpool-plugin.js', import.meta.url));

/** Every kilobyte is read and compiled before the plugin can do anything. */
const bundleBytesMax = 30_000;

before(buildPlugin);

test('the bundle of the plugin stays below 30 KB', () => {
  assert.ok(statSync(bundle).size < bundleBytesMax, `${statSync(bundle).size} bytes`);
});

test('the bundle of the plugin holds nothing but the plugin, the CNI protocol and address texts, and uses node:fs only', () => {
  const metafile: unknown = JSON.parse(readFileSync(`${bundle}.meta.json`, 'utf8'));
  assert.ok(metafile instanceof Object && 'inputs' in metafile && metafile.inputs instanceof Object);
  const inputs = Object.entries(metafile.inputs);
  assert.ok(inputs.length > 5);
  for (const [file, input] of inputs) {
    assert.match(file, /^(?:cmd\/spiderpool|src\/cni|src\/ip)\/[a-z0-9-]+\.ts$/);
    for (const { path, external, kind } of input.imports) {
      if (external !== true) continue;
      assert.equal(path, 'node:fs', `${file} imports ${path}`);
      // Loading it costs more than a millisecond: only where a call has failed anyway.
      assert.equal(kind, 'dynamic-import', `${file} imports ${path} at start`);
    }
  }
});
