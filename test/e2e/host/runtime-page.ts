import { docBlocks, readPage } from '../../support/doc-blocks.ts';

export const runtimePage = 'docs/podman-and-nerdctl.md';

/** The text of the page's only block of this kind. @throws Error where there is none or another */
export function pageBlock(info: string): string {
  const blocks = docBlocks().filter((block) => block.page === runtimePage && block.info === info);
  const [block] = blocks;
  if (block === undefined || blocks.length > 1) {
    throw new Error(`${runtimePage} has ${blocks.length} blocks ${info}, not one`);
  }
  return block.text;
}

/** The page's commands for a runtime, a line each. */
export function pageCommands(runtime: string): readonly string[] {
  return pageBlock(`sh ${runtime}`).trim().split('\n');
}

/** What the page says of an address that no pool has: the address, and the error. */
export function pageRefusal(): { readonly address: string; readonly message: string } {
  const found = /`(the requested address (\S+) can't be given: [^`]+)`/.exec(readPage(runtimePage));
  const [, message, address] = found ?? [];
  if (message === undefined || address === undefined) throw new Error(`${runtimePage} names no error`);
  return { address, message };
}
