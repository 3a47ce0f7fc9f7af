import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  PackageArgumentsError,
  packageArchitectures,
  packagePrograms,
  parsePackageArguments,
} from './package-arguments.ts';

describe('parsePackageArguments', () => {
  test('parsePackageArguments() means everything where nothing is named', () => {
    assert.deepEqual(parsePackageArguments([]), {
      architectures: packageArchitectures,
      programs: packagePrograms,
      out: undefined,
      whole: true,
    });
  });

  test('parsePackageArguments() takes each architecture and program once, and makes no archive of a part', () => {
    const args = [
      '--arch',
      'arm64',
      'spiderpoolctl',
      '--arch',
      'arm64',
      'spiderpool-agent',
      '--out',
      '/somewhere',
    ];
    assert.deepEqual(parsePackageArguments(args), {
      architectures: ['arm64'],
      programs: ['spiderpool-agent', 'spiderpoolctl'],
      out: '/somewhere',
      whole: false,
    });
  });

  test('parsePackageArguments() names what there is when it does not know a word', () => {
    for (const args of [['--arch', 'riscv64'], ['spiderpool-agnet'], ['--what']]) {
      assert.throws(() => parsePackageArguments(args), PackageArgumentsError);
    }
    assert.throws(
      () => parsePackageArguments(['--arch', 'x86']),
      /unknown architecture x86: write one of x64, arm64/,
    );
  });
});
