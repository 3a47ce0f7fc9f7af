import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../../src/cni/field-reader.ts';
import { sanitizeText } from '../../../src/cni/sanitize-text.ts';
import { versionResponse } from '../../../src/cni/version-response.ts';

/** How a trial run of a plugin on the host ended. */
export type TrialEnd =
  /** It could not be started at all; `reason` is the system's. */
  | { readonly kind: 'not-started'; readonly reason: string }
  | { readonly kind: 'timed-out'; readonly afterMs: number }
  | { readonly kind: 'too-much-output'; readonly bytesMax: number }
  | {
      readonly kind: 'ended';
      readonly exitCode: number | undefined;
      readonly signal: string | undefined;
      readonly stdout: string;
      readonly stderr: string;
    };

/** As much of what a failed build printed as a message shows. */
const shownLengthMax = 300;

/** What an operator can do about a text on stderr; the first that fits counts. Of chroot, of the loaders of glibc and musl. */
const hints: readonly (readonly [seen: RegExp, hint: string])[] = [
  [
    /chroot.*(operation not permitted|can't change root)/i,
    'changing the root needs the capability SYS_CHROOT: add it to the container',
  ],
  [
    /loading shared librar|cannot open shared object/i,
    "the host has the loader but not a library: install it there (libstdc++ on Alpine: 'apk add libstdc++')",
  ],
  [
    /error relocating|version `\S+' not found/i,
    'a library of the host is too old: glibc 2.17, or on musl libstdc++ of GCC 13 (Alpine 3.19), is needed',
  ],
  [
    /permission denied/i,
    'the host may not execute it: is the file system of the CNI folder mounted with noexec, or does a security module forbid it?',
  ],
  [
    /no such file|not found|ENOENT/i,
    "the host has no loader for this C library, or --host-bin-dir is not the host's name of --bin-dir",
  ],
  [/exec format error|ENOEXEC|syntax error/i, 'it is built for another processor architecture'],
];

/**
 * Judges a trial run: a build fits when it answers VERSION as this release does.
 *
 * @returns undefined when it fits, else why not
 */
export function problemOfTrial(end: TrialEnd): string | undefined {
  switch (end.kind) {
    case 'not-started':
      return withHint(`it can't be started: ${end.reason}`, end.reason);
    case 'timed-out':
      return `it did not answer within ${end.afterMs / 1000} s`;
    case 'too-much-output':
      return `it printed more than ${end.bytesMax} bytes`;
    case 'ended':
      return problemOfEnd(end);
  }
}

function problemOfEnd(end: Extract<TrialEnd, { kind: 'ended' }>): string | undefined {
  if (end.signal === 'SIGILL')
    return 'it was ended by SIGILL: the processor lacks instructions that this build uses';
  if (end.signal !== undefined) return withHint(`it was ended by ${end.signal}`, end.stderr);
  if (end.exitCode !== 0) return withHint(`it ended with exit status ${end.exitCode}`, end.stderr);
  if (isDeepStrictEqual(parse(end.stdout), versionResponse)) return undefined;
  return `it answered VERSION with ${shown(end.stdout) || 'nothing'} instead of ${JSON.stringify(versionResponse)}`;
}

function withHint(what: string, said: string): string {
  const text = shown(said);
  const hint = hints.find(([seen]) => seen.test(said))?.[1];
  return [
    what,
    ...(text === '' || what.includes(text) ? [] : [`(${text})`]),
    ...(hint === undefined ? [] : [`– ${hint}`]),
  ].join(' ');
}

function shown(text: string): string {
  return sanitizeText(text.trim()).slice(0, shownLengthMax);
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
