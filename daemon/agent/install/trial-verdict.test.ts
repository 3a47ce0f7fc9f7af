import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { versionResponse } from '../../../src/cni/version-response.ts';
import { problemOfTrial, type TrialEnd } from './trial-verdict.ts';

const answer = JSON.stringify(versionResponse);

function ended(end: Partial<Extract<TrialEnd, { kind: 'ended' }>>): TrialEnd {
  return { kind: 'ended', exitCode: 0, signal: undefined, stdout: answer, stderr: '', ...end };
}

test('problemOfTrial() finds nothing wrong with the answer of this release, however it is spaced', () => {
  assert.equal(problemOfTrial(ended({})), undefined);
  assert.equal(
    problemOfTrial(ended({ stdout: `${JSON.stringify(versionResponse, undefined, 2)}\n` })),
    undefined,
  );
});

test('problemOfTrial() accepts no other answer and no other end', () => {
  fc.assert(
    fc.property(fc.string(), (stdout) => {
      assert.match(problemOfTrial(ended({ stdout })) ?? '', /^it answered VERSION with /);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 255 }), (exitCode) => {
      assert.match(problemOfTrial(ended({ exitCode })) ?? '', new RegExp(`exit status ${exitCode}$`));
    }),
  );
  const others = [
    { ...versionResponse, cniVersion: '1.0.0' },
    { ...versionResponse, more: 1 },
    [versionResponse],
    null,
  ];
  for (const other of others) {
    assert.match(problemOfTrial(ended({ stdout: JSON.stringify(other) })) ?? '', /instead of/);
  }
});

test('problemOfTrial() shows what was printed on one line, and not all of it', () => {
  const problem = problemOfTrial(ended({ stdout: `a\nb\u001b[31m${'x'.repeat(10_000)}` })) ?? '';
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(problem, /[\u0000-\u001f]/);
  assert.ok(problem.length < 1000, String(problem.length));
});

test('problemOfTrial() tells what to do about failures that the system names', () => {
  const cases: readonly (readonly [end: TrialEnd, hint: RegExp])[] = [
    [ended({ exitCode: undefined, signal: 'SIGILL' }), /lacks instructions/],
    [ended({ exitCode: undefined, signal: 'SIGSEGV' }), /SIGSEGV$/],
    [{ kind: 'timed-out', afterMs: 30_000 }, /within 30 s/],
    [{ kind: 'too-much-output', bytesMax: 5 }, /more than 5 bytes/],
    [{ kind: 'not-started', reason: 'spawn /a EACCES: permission denied' }, /noexec/],
    [{ kind: 'not-started', reason: 'spawn /a ENOENT' }, /no loader/],
    [
      ended({
        exitCode: 125,
        stderr: "chroot: cannot change root directory to '/host': Operation not permitted",
      }),
      /SYS_CHROOT/,
    ],
    [
      ended({ exitCode: 127, stderr: "chroot: failed to run command '/a': No such file or directory" }),
      /no loader/,
    ],
    [
      ended({
        exitCode: 127,
        stderr: 'Error loading shared library libstdc++.so.6: No such file or directory',
      }),
      /apk add libstdc\+\+/,
    ],
    [
      ended({ exitCode: 127, stderr: 'libm.so.6: cannot open shared object file: No such file' }),
      /not a library/,
    ],
    [ended({ exitCode: 1, stderr: "libc.so.6: version `GLIBC_2.17' not found (required by a)" }), /too old/],
    [ended({ exitCode: 127, stderr: 'Error relocating /a: _Zx: symbol not found' }), /too old/],
    [ended({ exitCode: 126, stderr: "chroot: failed to run command '/a': Permission denied" }), /noexec/],
    [
      ended({ exitCode: 126, stderr: "chroot: failed to run command '/a': Exec format error" }),
      /architecture/,
    ],
  ];
  for (const [end, hint] of cases) assert.match(problemOfTrial(end) ?? '', hint, JSON.stringify(end));
});
