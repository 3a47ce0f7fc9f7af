import { InvalidArgumentError } from 'commander';
import { formatAddress, parseAddress } from '../../src/ip/address.ts';

/**
 * Reads an IP address of the command line and returns its canonical text, in which the agent knows it.
 * @throws {InvalidArgumentError} when it is none; a prefix length is refused, so that nobody takes it for the whole subnet
 */
export function parseAddressArgument(text: string): string {
  const address = parseAddress(text);
  if (address !== undefined) return formatAddress(address);
  const [bare = '', ...prefix] = text.split('/');
  if (prefix.length > 0 && parseAddress(bare) !== undefined) {
    throw new InvalidArgumentError(`Write one address without its prefix length: ${bare}`);
  }
  throw new InvalidArgumentError('Write an IPv4 or IPv6 address, such as 10.6.0.15 or fd00:6::15.');
}
