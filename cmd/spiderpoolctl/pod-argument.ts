import { InvalidArgumentError } from 'commander';

/** Reads `NAMESPACE/NAME`, as it also goes into CNI_ARGS, whose separators it can't contain. @throws {InvalidArgumentError} */
export function parsePodArgument(text: string): string {
  if (!/^[^\s/;=]+\/[^\s/;=]+$/u.test(text)) {
    throw new InvalidArgumentError('Write NAMESPACE/NAME, such as default/web-0.');
  }
  return text;
}
