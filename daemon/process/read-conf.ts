import { readFileSync } from 'node:fs';
import { ConfError, defaultConf, type ParsedConf, parseConf } from '../../src/config/conf.ts';

/**
 * Reads `conf.yml`; without a path the defaults hold.
 *
 * @throws ConfError when it can't be read or used
 */
export function readConf(path: string | undefined): ParsedConf {
  if (path === undefined) return { conf: defaultConf, warnings: [] };
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfError(`${path} can't be read: ${(error as Error).message}`, { cause: error });
  }
  return parseConf(text, path);
}
