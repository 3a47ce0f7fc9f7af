import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type HttpAnswer, HttpAnswerError, HttpAnswerReader } from './http-answer.ts';

/** Feeds a text in pieces that end at the given positions. */
function read(text: string, cuts: readonly number[] = [], closed = true): HttpAnswer | undefined {
  const bytes = Buffer.from(text);
  const reader = new HttpAnswerReader();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    const answer = reader.push(bytes.subarray(start, end));
    if (answer !== undefined) return answer;
    start = end;
  }
  return closed ? reader.end() : undefined;
}

function chunked(body: string, size: number): string {
  const bytes = Buffer.from(body);
  let text = '';
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    text += `${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`;
  }
  return text;
}

test('HttpAnswerReader reads every framing, wherever the pieces end', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 6 });
  fc.assert(
    fc.property(
      fc.constantFrom(200, 404, 500),
      fc.string(),
      cuts,
      fc.integer({ min: 1, max: 9 }),
      (status, body, at, size) => {
        const expected = { status, body };
        const length = Buffer.byteLength(body);
        assert.deepEqual(
          read(`HTTP/1.1 ${status} X\r\nContent-Length: ${length}\r\n\r\n${body}`, at, false),
          expected,
        );
        assert.deepEqual(read(`HTTP/1.0 ${status}\r\nx: y\r\n\r\n${body}`, at), expected);
        const framed = `HTTP/1.1 ${status} X\r\nTransfer-Encoding: Chunked\r\n\r\n${chunked(body, size)}0\r\n\r\n`;
        assert.deepEqual(read(framed, at, false), expected);
      },
    ),
  );
});

test('HttpAnswerReader joins characters that are cut by a chunk', () => {
  const head = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
  const bytes = Buffer.from('€');
  const reader = new HttpAnswerReader();
  reader.push(Buffer.concat([head, Buffer.from('1\r\n'), bytes.subarray(0, 1), Buffer.from('\r\n')]));
  const answer = reader.push(
    Buffer.concat([Buffer.from('2;x=y\r\n'), bytes.subarray(1), Buffer.from('\r\n0\r\n\r\n')]),
  );
  assert.deepEqual(answer, { status: 200, body: '€' });
});

test('HttpAnswerReader expects no body with 204', () => {
  assert.deepEqual(read('HTTP/1.1 204 No Content\r\n\r\n', [], false), { status: 204, body: '' });
});

test('HttpAnswerReader refuses what is no answer', () => {
  for (const text of [
    '',
    'SSH-2.0-OpenSSH_9.6\r\n',
    'H',
    'HTTP/2 200\r\n\r\n',
    'HTTP/1.1 abc\r\n\r\n',
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc',
    `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}`,
  ]) {
    assert.throws(() => read(text), HttpAnswerError, text.slice(0, 60));
  }
});

test('HttpAnswerReader refuses an endless answer', () => {
  const reader = new HttpAnswerReader();
  reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
  const mebibyte = new Uint8Array(1024 * 1024);
  assert.throws(() => {
    for (let sent = 0; sent < 10; sent++) reader.push(mebibyte);
  }, HttpAnswerError);
});

test('HttpAnswerReader throws nothing but HttpAnswerError on any bytes', () => {
  const head = fc.constantFrom(
    '',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
  );
  fc.assert(
    fc.property(head, fc.string({ unit: 'binary' }), (start, rest) => {
      try {
        read(start + rest);
      } catch (error) {
        assert.ok(error instanceof HttpAnswerError, String(error));
      }
    }),
  );
});
