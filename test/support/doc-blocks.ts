import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A fenced block of a page for users. */
export interface DocBlock {
  /** Path of the page in the repository. */
  readonly page: string;
  /** Line of its first fence, from 1. */
  readonly line: number;
  /** What stands behind the fence: a language, and sometimes what the block is for. */
  readonly info: string;
  /** Without the indentation of the fence. */
  readonly text: string;
}

export const repositoryFolder: string = fileURLToPath(new URL('../..', import.meta.url));

/** The pages for users. */
export function docPages(): readonly string[] {
  return ['README.md', ...globSync('docs/*.md', { cwd: repositoryFolder }).toSorted()];
}

export function readPage(page: string): string {
  return readFileSync(join(repositoryFolder, page), 'utf8');
}

/** All fenced blocks of all pages for users. @throws Error for a fence that is not closed */
export function docBlocks(): readonly DocBlock[] {
  return docPages().flatMap((page) => blocksOf(page, readPage(page)));
}

/** Where a block stands, for the name of a test. */
export function placeOf({ page, line }: DocBlock): string {
  return `${page}:${line}`;
}

function blocksOf(page: string, markdown: string): readonly DocBlock[] {
  const blocks: DocBlock[] = [];
  let open: { line: number; indent: number; info: string; lines: string[] } | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^( *)```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line.slice(open.indent));
    else if (open === undefined) {
      open = { line: index + 1, indent: fence[1]?.length ?? 0, info: fence[2]?.trim() ?? '', lines: [] };
    } else {
      blocks.push({ page, line: open.line, info: open.info, text: `${open.lines.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the fence is not closed`);
  return blocks;
}
