import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { docBlocks, placeOf, readPage, repositoryFolder } from './support/doc-blocks.ts';

/** Messages of the runtime, of other plugins and of Kubernetes: not ours to hold. */
const foreignMessages = new Set([
  'failed to find plugin "spiderpool" in path',
  'cni plugin not initialized',
  'Link not found',
  'failed calling webhook',
  'x509: certificate signed by unknown authority',
]);
/** Words that a message may consist of beside its variable parts; a shorter piece says nothing. */
const pieceLengthMin = 4;

/** Every text of the sources, each template's variable part as `…`, strings that are added up as one. */
const sources = [
  ...globSync('{src,daemon,cmd}/**/*.ts', {
    cwd: repositoryFolder,
    exclude: (name) => name.endsWith('.test.ts'),
  }),
  ...globSync('deploy/chart/{crds,templates}/**/*.yaml', { cwd: repositoryFolder }),
]
  .map((path) => textsOf(readFileSync(join(repositoryFolder, path), 'utf8')))
  .join('\n');

/** With what stands in a variable part as a text of its own, too. */
function textsOf(source: string): string {
  return source.replaceAll(/\$\{[^{}]*\}/g, '…') + joined(source);
}

function joined(source: string): string {
  return source
    .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
    .replaceAll(/(['"`])\s*\+\s*(?:\/\/[^\n]*\n\s*)?(['"`])/g, '')
    .replaceAll(/' \+ [^']+ \+\s*'/g, '…')
    .replaceAll("\\'", "'");
}

/** The pieces of a message between its variable parts that no source has. */
function unknownPieces(message: string): readonly string[] {
  const pieces = message
    .split('…')
    .map((piece) => piece.trim())
    .filter((piece) => piece.length >= pieceLengthMin);
  assert.ok(pieces.length > 0, `"${message}" has nothing but variable parts`);
  return pieces.filter((piece) => !sources.includes(piece));
}

/** The messages in the first columns of the tables that begin with "you see". */
function quotedMessages(markdown: string): readonly string[] {
  const rows: string[] = [];
  let isInside = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('| you see |')) isInside = true;
    else if (!line.startsWith('|')) isInside = false;
    else if (isInside && !line.startsWith('|-')) rows.push(line.split(' | ')[0] ?? '');
  }
  return rows.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text));
}

describe('messages in documents', () => {
  const quoted = quotedMessages(readPage('docs/troubleshooting.md'));

  test('docs/troubleshooting.md quotes many messages', () => {
    assert.ok(quoted.length > 40, `${quoted.length}`);
  });

  for (const message of quoted.filter((text) => !foreignMessages.has(text))) {
    test(`docs/troubleshooting.md: the sources have "${message}"`, () => {
      assert.deepEqual(unknownPieces(message), []);
    });
  }

  test('every foreign message is quoted somewhere', () => {
    for (const message of foreignMessages) assert.ok(quoted.includes(message), message);
  });

  for (const block of docBlocks().filter(({ info, text }) => info === 'text' && !/[│▼]/u.test(text))) {
    test(`${placeOf(block)} has messages of the sources`, () => {
      for (const line of block.text.trim().split('\n')) {
        // Names and numbers of an example are its variable parts.
        const words = line.split(/(?:\b[\w.:-]*\d[\w.:/-]*|\bnode \w+|\bpool \w+|\(total.*\))/);
        const pieces = words.map((piece) => piece.trim()).filter((piece) => piece.length > 12);
        assert.ok(pieces.length > 0, line);
        for (const piece of pieces) assert.ok(sources.includes(piece), `${piece} of: ${line}`);
      }
    });
  }
});
