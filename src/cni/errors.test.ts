import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkVerbVersion } from './check-verb-version.ts';
import { errorObject } from './compose-error.ts';
import { CniCode, CniError } from './error.ts';
import { parseRequestBody } from './parse-request-body.ts';
import { parseLogSettings } from './plugin-settings.ts';
import { printObject } from './print-object.ts';
import { type CniVerb, cniVerbs } from './request.ts';
import { quoteText, sanitizeText } from './sanitize-text.ts';
import { cniVersions } from './version.ts';
import { versionResponse } from './version-response.ts';

test('errorObject() prints code, message and details, in the version of the caller', () => {
  const error = new CniError(CniCode.tryAgainLater, 'later', { details: 'why' });
  assert.deepEqual(errorObject(error, '0.4.0'), {
    cniVersion: '0.4.0',
    code: 11,
    msg: 'later',
    details: 'why',
  });
  assert.deepEqual(errorObject(new CniError(4, 'no')), { cniVersion: '1.1.0', code: 4, msg: 'no' });
});

test('errorObject() calls everything else an internal error', () => {
  assert.deepEqual(errorObject(new TypeError('x')), {
    cniVersion: '1.1.0',
    code: 999,
    msg: 'internal error: x',
  });
  assert.equal(errorObject('thrown').msg, 'internal error: thrown');
});

test('errorObject() never prints control characters', () => {
  const object = errorObject(new CniError(7, 'a\u001b[2J\nb\u0085\u202e', { details: '\u0000' }));
  assert.equal(object.msg, 'a\\u001b[2J\\u000ab\\u0085\\u202e');
  assert.equal(object.details, '\\u0000');
});

test('sanitizeText() lets nothing through that a terminal obeys, and bounds the length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 6000 }), (text) => {
      const clean = sanitizeText(text);
      // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
      assert.doesNotMatch(clean, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      assert.ok(clean.isWellFormed());
      assert.ok(clean.length <= 6 * 4097);
    }),
  );
  assert.equal(sanitizeText('plain äöü 漢字'), 'plain äöü 漢字');
});

test('quoteText() quotes and cuts', () => {
  assert.equal(quoteText('a"b'), '"a\\"b"');
  assert.equal(quoteText('a'.repeat(101)), `"${'a'.repeat(100)}…"`);
});

test('printObject() indents by four and ends with a newline', () => {
  assert.equal(printObject({ code: 1 }), '{\n    "code": 1\n}\n');
});

test('versionResponse names the newest version and all that are supported', () => {
  assert.deepEqual(versionResponse, {
    cniVersion: '1.1.0',
    supportedVersions: ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'],
  });
});

test('checkVerbVersion() allows each verb from the version on that brought it', () => {
  const since: Record<CniVerb, string> = {
    add: '0.3.0',
    del: '0.3.0',
    check: '0.4.0',
    gc: '1.1.0',
    status: '1.1.0',
  };
  for (const verb of cniVerbs) {
    for (const version of cniVersions) {
      if (version >= since[verb]) checkVerbVersion(verb, version);
      else {
        assert.throws(
          () => checkVerbVersion(verb, version),
          (error) => error instanceof CniError && error.code === 1,
        );
      }
    }
  }
});

test('parseRequestBody() takes only the CNI variables, as strings', () => {
  assert.deepEqual(parseRequestBody({ config: 1, env: { CNI_IFNAME: 'eth0', PATH: '/bin' } }), {
    config: 1,
    env: { CNI_IFNAME: 'eth0' },
  });
  for (const body of [
    null,
    [],
    {},
    { config: 1 },
    { env: {} },
    { config: 1, env: [] },
    { config: 1, env: { CNI_ARGS: 1 } },
  ]) {
    assert.throws(
      () => parseRequestBody(body),
      (error) => error instanceof CniError && error.code === 6,
    );
  }
});

test("parseLogSettings() has upstream's defaults", () => {
  assert.deepEqual(parseLogSettings(null), {
    path: '/var/log/spidernet/spiderpool.log',
    level: 'debug',
    bytesMax: 100 * 1024 * 1024,
    ageMsMax: 0,
    countMax: 0,
  });
  const ipam = { log_level: 'WARN', log_file_max_size: -1, log_file_max_age: -1, log_file_max_count: -1 };
  assert.deepEqual(parseLogSettings({ ipam }), {
    path: '/var/log/spidernet/spiderpool.log',
    level: 'warn',
    bytesMax: 100 * 1024 * 1024,
    ageMsMax: 30 * 24 * 60 * 60 * 1000,
    countMax: 10,
  });
});
