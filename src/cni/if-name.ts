import { storedTextMax, storedTextProblem } from './stored-text.ts';

/**
 * Why a text can't be the name of a NIC, in words that follow it, such as "is empty"; undefined when it can. Rules of the kernel
 * (`dev_valid_name` in net/core/dev.c).
 */
export function ifNameProblem(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name === '.' || name === '..') return 'must not be . or ..';
  if (new TextEncoder().encode(name).length > storedTextMax.ifName) {
    return `is longer than ${storedTextMax.ifName} bytes`;
  }
  if (/[/:\s]/u.test(name)) return 'contains / or : or a blank';
  return storedTextProblem(name, storedTextMax.ifName);
}
