import assert from 'node:assert/strict';
import { chownSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { before, suite, test } from 'node:test';
import { decodeTombstone } from '../../src/cni/tombstone.ts';
import { cniVersions } from '../../src/cni/version.ts';
import {
  attachment,
  buildPlugin,
  errorOf,
  runPlugin,
  StandIn,
  TemporaryFolder,
} from './testing/plugin-harness.ts';

const verbs = ['ADD', 'DEL', 'CHECK', 'GC', 'STATUS'] as const;
const isRoot = process.geteuid?.() === 0;
const skipUnlessRoot = isRoot ? false : 'needs root';

function configFor(socketPath: string, ipam: object = {}, cniVersion = '1.1.0'): string {
  return JSON.stringify({
    cniVersion,
    name: 'net',
    ipam: { type: 'spiderpool', log_level: 'fatal', ipam_unix_socket_path: socketPath, ...ipam },
  });
}

function tombstonesIn(stateDir: string): readonly unknown[] {
  const folder = `${stateDir}/tombstones`;
  return readdirSync(folder).map((name) => {
    assert.match(name, /^[0-9a-f]{64}\.json$/);
    assert.equal(statSync(`${folder}/${name}`).mode & 0o777, 0o600);
    const decoded = decodeTombstone(readFileSync(`${folder}/${name}`, 'utf8'));
    assert.ok(decoded.ok, JSON.stringify(decoded));
    return decoded.tombstone;
  });
}

before(buildPlugin);

suite('alone', { concurrency: 4 }, () => {
  test('without CNI_COMMAND the plugin introduces itself on stderr', async () => {
    const end = await runPlugin({}, '');
    assert.equal(end.exitCode, 0);
    assert.equal(end.stdout, '');
    assert.match(
      end.stderr,
      /^Spiderpool IPAM \d+\.\d+\.\d+\nCNI protocol versions supported: 0\.3\.0, .*1\.1\.0\n$/,
    );
  });

  test('VERSION answers alone and at once, whatever stdin holds', async () => {
    for (const stdin of ['', 'nonsense', '{"cniVersion":"9.9.9"}', '{"cniVersion":"0.4.0"}']) {
      const end = await runPlugin({ CNI_COMMAND: 'VERSION' }, stdin);
      assert.equal(end.exitCode, 0);
      assert.equal(
        end.stdout,
        `${JSON.stringify({ cniVersion: '1.1.0', supportedVersions: cniVersions })}\n`,
      );
    }
  });

  test('an unknown command is error 4', async () => {
    for (const command of ['FOO', 'add', 'VERSION\u001b']) {
      const error = errorOf(await runPlugin({ ...attachment, CNI_COMMAND: command }, '{}'));
      assert.equal(error.code, 4);
      assert.match(error.msg, /unknown CNI_COMMAND/);
    }
  });

  test('stdin that is empty, no JSON or too long is error 6', async () => {
    const long = `{"name":"${'a'.repeat(1024 * 1024)}"}`;
    for (const stdin of ['', ' \n', '{', 'null?', Buffer.from([0xff, 0xfe]), long]) {
      for (const command of ['ADD', 'CHECK', 'GC', 'STATUS']) {
        const error = errorOf(await runPlugin({ ...attachment, CNI_COMMAND: command }, stdin));
        assert.equal(error.code, 6);
        assert.equal(error.cniVersion, '1.1.0');
      }
    }
  });

  test('a socket path or log path that points elsewhere is error 7', async () => {
    for (const ipam of [
      { ipam_unix_socket_path: 'relative.sock' },
      { ipam_unix_socket_path: '/run/a\u0007' },
      { ipam_unix_socket_path: 7 },
      { log_file_path: '/etc/cron.d/job' },
      { log_file_path: '/var/log/../../etc/job' },
      { LOG_FILE_PATH: '/tmp/log' },
      { log_file_max_size: '10' },
    ]) {
      const stdin = JSON.stringify({ cniVersion: '0.4.0', name: 'net', ipam });
      const error = errorOf(await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, stdin));
      assert.equal(error.code, 7, JSON.stringify(ipam));
      assert.equal(error.cniVersion, '0.4.0');
    }
  });

  test('files of the working folder and variables meant for Node change nothing', async () => {
    using folder = new TemporaryFolder();
    writeFileSync(folder.file('.env'), 'CNI_COMMAND=ADD\n');
    writeFileSync(folder.file('bunfig.toml'), 'preload = ["./preload.js"]\n');
    writeFileSync(folder.file('preload.js'), 'console.log("preloaded");\n');
    const end = await runPlugin({ NODE_OPTIONS: '--require ./preload.js' }, '', { cwd: folder.path });
    assert.deepEqual([end.exitCode, end.stdout], [0, '']);
    assert.match(end.stderr, /^Spiderpool IPAM/);
  });
});

suite('with somebody on the socket', { concurrency: 4 }, () => {
  test('every verb is forwarded in every version, and a 200 is printed as it came with exit 0', async () => {
    using folder = new TemporaryFolder();
    await using agent = await StandIn.listen(folder.file('s'), (request, response) => {
      response.end(request.url === '/v1/cni/add' ? '{"ips":  []}' : '');
    });
    for (const verb of verbs) {
      for (const version of cniVersions) {
        const config = `{"cniVersion":"${version}","name":"n","big":123456789012345678901,"ipam":{"ipam_unix_socket_path":"${folder.file('s')}"}}`;
        const end = await runPlugin({ ...attachment, CNI_COMMAND: verb, HOME: '/x' }, config);
        assert.deepEqual(end, { exitCode: 0, stdout: verb === 'ADD' ? '{"ips":  []}' : '', stderr: '' });
        const request = agent.requests.at(-1);
        assert.equal(request?.method, 'POST');
        assert.equal(request.url, `/v1/cni/${verb.toLowerCase()}`);
        assert.equal(
          request.headers['x-spiderpool-deadline-ms'],
          verb === 'DEL' || verb === 'STATUS' ? '10000' : '90000',
        );
        assert.equal(request.body, `{"config":${config},"env":${JSON.stringify(attachment)}}`);
      }
    }
    assert.equal(agent.requests.length, verbs.length * cniVersions.length);
  });

  test('an error of the agent is printed as it came with exit 1', async () => {
    using folder = new TemporaryFolder();
    const body = '{"cniVersion":"1.1.0","code":103,"msg":"full"}';
    await using agent = await StandIn.listen(folder.file('s'), (_request, response) => {
      response.writeHead(503).end(body);
    });
    for (const verb of ['ADD', 'CHECK', 'GC', 'STATUS']) {
      const end = await runPlugin({ ...attachment, CNI_COMMAND: verb }, configFor(folder.file('s')));
      assert.deepEqual(end, { exitCode: 1, stdout: body, stderr: '' });
    }
    assert.equal(agent.requests.length, 4);
  });

  test('a DEL that the agent refuses leaves a tombstone and succeeds', async () => {
    using folder = new TemporaryFolder();
    await using agent = await StandIn.listen(folder.file('s'), (_request, response) => {
      response.writeHead(500).end('{"code":999,"msg":"x"}');
    });
    const env = { ...attachment, CNI_COMMAND: 'DEL', SPIDERPOOL_STATE_DIR: folder.path };
    const ipam = { log_file_path: '/etc/refused' };
    const end = await runPlugin(env, configFor(folder.file('s'), ipam));
    assert.deepEqual([end.exitCode, end.stdout], [0, '']);
    assert.equal(tombstonesIn(folder.path).length, 1);
    assert.equal(agent.requests.length, 1);
  });

  test('large configurations and large answers pass whole, to a slow reader as well', async () => {
    using folder = new TemporaryFolder();
    const answer = JSON.stringify({ ips: [], filler: 'x'.repeat(5_000_000) });
    await using agent = await StandIn.listen(folder.file('s'), (_request, response) => {
      // Several writes without a length: chunked.
      response.write(answer.slice(0, 100));
      response.end(answer.slice(100));
    });
    const config = configFor(folder.file('s'), { filler: 'y'.repeat(1_000_000) });
    const end = await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, config, { readAfterMs: 500 });
    assert.equal(end.exitCode, 0);
    assert.ok(end.stdout === answer);
    assert.equal(agent.requests[0]?.body.length, config.length + JSON.stringify(attachment).length + 18);
  });

  test('an answer that is no agent’s is error 5, and a DEL leaves a tombstone', async () => {
    for (const answer of [
      'SSH-2.0-OpenSSH\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
      'HTTP/1.1 404 Not Found\r\ncontent-length: 15\r\n\r\n<html>\u001b</html>',
      'HTTP/1.1 500 X\r\ncontent-length: 7\r\n\r\n"upset"',
      'HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n{"ips"',
    ]) {
      using folder = new TemporaryFolder();
      const server = createServer((socket) => socket.once('data', () => socket.end(answer)));
      await new Promise<void>((resolve) => server.listen(folder.file('s'), resolve));
      try {
        const config = configFor(folder.file('s'));
        const error = errorOf(await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, config));
        assert.equal(error.code, 5, answer);
        assert.match(error.msg, /is not spiderpool-agent/);
        const env = { ...attachment, CNI_COMMAND: 'DEL', SPIDERPOOL_STATE_DIR: folder.path };
        const end = await runPlugin(env, config);
        assert.deepEqual([end.exitCode, end.stdout], [0, '']);
        assert.equal(tombstonesIn(folder.path).length, 1);
      } finally {
        server.close();
      }
    }
  });

  test('a request whose connection breaks is sent again to the agent that comes after', async () => {
    using folder = new TemporaryFolder();
    let connections = 0;
    const server = createServer((socket) => {
      connections += 1;
      if (connections < 3) socket.destroy();
      else socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
    });
    await new Promise<void>((resolve) => server.listen(folder.file('s'), resolve));
    const end = await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, configFor(folder.file('s')));
    server.close();
    assert.deepEqual(end, { exitCode: 0, stdout: '{}', stderr: '' });
    assert.equal(connections, 3);
  });

  test('a link, a file and a socket of another user are refused before anything is sent', {
    skip: skipUnlessRoot,
  }, async () => {
    using folder = new TemporaryFolder();
    await using agent = await StandIn.listen(folder.file('s'), (_request, response) => response.end('{}'));
    await using foreign = await StandIn.listen(folder.file('foreign'), (_request, response) =>
      response.end('{}'),
    );
    symlinkSync(folder.file('s'), folder.file('link'));
    symlinkSync(folder.file('nowhere'), folder.file('dangling'));
    writeFileSync(folder.file('file'), '');
    chownSync(folder.file('foreign'), 65_534, 65_534);
    for (const name of ['link', 'dangling', 'file', 'foreign', '']) {
      const config = configFor(folder.file(name));
      const error = errorOf(await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, config));
      assert.equal(error.code, 7, name);
      assert.match(error.msg, /ipam_unix_socket_path/);
    }
    const env = { ...attachment, CNI_COMMAND: 'DEL', SPIDERPOOL_STATE_DIR: folder.path };
    const end = await runPlugin(env, configFor(folder.file('foreign')));
    assert.deepEqual([end.exitCode, end.stdout], [0, '']);
    assert.equal(tombstonesIn(folder.path).length, 1);
    assert.equal(agent.requests.length + foreign.requests.length, 0);
  });
});
