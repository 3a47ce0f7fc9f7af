import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeTombstone } from '../../src/cni/tombstone.ts';
import {
  attachment,
  buildPlugin,
  errorOf,
  runPlugin,
  StandIn,
  TemporaryFolder,
} from './testing/plugin-harness.ts';

// Every one of these calls waits the ten seconds that a restarting agent is given, so they wait together.
const skipUnlessRoot = process.geteuid?.() === 0 ? false : 'needs root, to write below /var/log';
const timeout = 60_000;

function configFor(socketPath: string, ipam: object = {}): string {
  const more = { log_level: 'fatal', ipam_unix_socket_path: socketPath, ...ipam };
  return JSON.stringify({ cniVersion: '1.1.0', name: 'net', ipam: more });
}

before(buildPlugin);

suite('with nobody on the socket', { concurrency: true, timeout }, () => {
  for (const [verb, code] of [
    ['ADD', 11],
    ['CHECK', 11],
    ['GC', 11],
    ['STATUS', 50],
  ] as const) {
    test(`${verb} waits ten seconds for an agent, then is error ${code} and says where to look`, async () => {
      using folder = new TemporaryFolder();
      const startedMs = Date.now();
      const end = await runPlugin({ ...attachment, CNI_COMMAND: verb }, configFor(folder.file('s')));
      assert.ok(Date.now() - startedMs > 9_000);
      const error = errorOf(end);
      assert.equal(error.code, code);
      assert.ok(error.msg.includes(folder.file('s')));
      assert.match(error.msg, /is spiderpool-agent running/);
    });
  }

  test('DEL leaves one durable tombstone, however often it comes, and succeeds', async () => {
    using folder = new TemporaryFolder();
    const env = { ...attachment, CNI_COMMAND: 'DEL', SPIDERPOOL_STATE_DIR: folder.file('state') };
    const ends = await Promise.all([1, 2, 3].map(() => runPlugin(env, configFor(folder.file('s')))));
    for (const end of ends) assert.deepEqual([end.exitCode, end.stdout], [0, '']);
    const tombstones = folder.file('state/tombstones');
    assert.equal(statSync(tombstones).mode & 0o777, 0o700);
    const [name, ...more] = readdirSync(tombstones);
    assert.ok(name !== undefined && more.length === 0);
    const decoded = decodeTombstone(readFileSync(`${tombstones}/${name}`, 'utf8'));
    assert.ok(decoded.ok);
    const { createdMs, ...rest } = decoded.tombstone;
    assert.ok(Math.abs(Date.now() - createdMs) < timeout);
    assert.deepEqual(rest, {
      containerId: 'c0ffee',
      ifName: 'eth0',
      podNamespace: 'default',
      podName: 'web',
      podUid: 'u-1',
      network: 'net',
      netns: '/run/netns/pod',
    });
  });

  test('DEL without a readable configuration leaves its tombstone all the same', async () => {
    // There is no configuration to name another log or socket: those of the machine are used.
    const logFolder = '/var/log/spidernet';
    const existed = existsSync(logFolder);
    const stdins = ['', '{', '[]', 'a'.repeat(1024 * 1024 + 1)];
    try {
      await Promise.all(
        stdins.map(async (stdin) => {
          using folder = new TemporaryFolder();
          const env = { ...attachment, CNI_COMMAND: 'DEL', SPIDERPOOL_STATE_DIR: folder.path };
          const end = await runPlugin(env, stdin);
          assert.deepEqual([end.exitCode, end.stdout], [0, '']);
          assert.equal(readdirSync(folder.file('tombstones')).length, 1);
        }),
      );
    } finally {
      if (!existed) rmSync(logFolder, { recursive: true, force: true });
    }
  });

  test('DEL succeeds without a tombstone when nothing can be identified, or the folder is a link or full', async () => {
    using folder = new TemporaryFolder();
    const config = configFor(folder.file('s'));
    mkdirSync(folder.file('full/tombstones'), { recursive: true });
    for (let n = 0; n < 10_000; n++) writeFileSync(folder.file(`full/tombstones/${n}`), '');
    mkdirSync(folder.file('linked'));
    symlinkSync(folder.file('full/tombstones'), folder.file('linked/tombstones'));
    const base = { ...attachment, CNI_COMMAND: 'DEL' };
    const ends = await Promise.all([
      runPlugin({ ...base, CNI_IFNAME: 'a/b', SPIDERPOOL_STATE_DIR: folder.file('other') }, config),
      runPlugin({ ...base, CNI_CONTAINERID: '', SPIDERPOOL_STATE_DIR: folder.file('other') }, config),
      runPlugin({ ...base, SPIDERPOOL_STATE_DIR: folder.file('full') }, config),
      runPlugin({ ...base, SPIDERPOOL_STATE_DIR: folder.file('linked') }, config),
      runPlugin({ ...base, SPIDERPOOL_STATE_DIR: 'relative' }, config),
    ]);
    for (const end of ends) {
      assert.deepEqual([end.exitCode, end.stdout], [0, '']);
      assert.match(end.stderr, /no tombstone/);
    }
    assert.equal(readdirSync(folder.file('full/tombstones')).length, 10_000);
    assert.deepEqual(readdirSync(folder.path).toSorted(), ['full', 'linked']);
  });

  test('an agent that takes a DEL but is silent gets ten seconds, then there is a tombstone; STATUS is 50', async () => {
    using folder = new TemporaryFolder();
    await using agent = await StandIn.listen(folder.file('s'), () => undefined);
    const env = { ...attachment, SPIDERPOOL_STATE_DIR: folder.path };
    const [del, status] = await Promise.all([
      runPlugin({ ...env, CNI_COMMAND: 'DEL' }, configFor(folder.file('s'))),
      runPlugin({ ...env, CNI_COMMAND: 'STATUS' }, configFor(folder.file('s'))),
    ]);
    assert.deepEqual([del.exitCode, del.stdout], [0, '']);
    assert.equal(readdirSync(folder.file('tombstones')).length, 1);
    assert.equal(errorOf(status).code, 50);
    assert.equal(agent.requests.length, 2);
  });

  test('an agent that comes back within ten seconds is served as if nothing had been', async () => {
    using folder = new TemporaryFolder();
    const running = runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, configFor(folder.file('s')));
    await sleep(1500);
    await using agent = await StandIn.listen(folder.file('s'), (_request, response) => response.end('{}'));
    assert.deepEqual(await running, { exitCode: 0, stdout: '{}', stderr: '' });
    assert.equal(agent.requests.length, 1);
  });

  test('one line is logged below /var/log, and the file rotates by size, age and count', {
    skip: skipUnlessRoot,
  }, async () => {
    using folder = new TemporaryFolder();
    using logs = new TemporaryFolder('/var/log');
    const file = logs.file('deeper/spiderpool.log');
    const ipam = {
      log_level: 'INFO',
      log_file_path: file,
      log_file_max_size: 1,
      log_file_max_count: 2,
      log_file_max_age: 1,
    };
    mkdirSync(logs.file('deeper'));
    writeFileSync(file, '');
    truncateSync(file, 1024 * 1024);
    for (const name of ['spiderpool-2020-01-01T00-00-00.000.log', 'spiderpool-mine.log', 'other.log']) {
      writeFileSync(logs.file(`deeper/${name}`), '');
    }
    const end = await runPlugin({ ...attachment, CNI_COMMAND: 'ADD' }, configFor(folder.file('s'), ipam));
    assert.equal(errorOf(end).code, 11);
    const line: unknown = JSON.parse(readFileSync(file, 'utf8'));
    assert.ok(line instanceof Object && 'level' in line && 'Action' in line && 'PodUID' in line);
    assert.deepEqual([line.level, line.Action, line.PodUID], ['ERROR', 'ADD', 'u-1']);
    const names = readdirSync(logs.file('deeper'));
    assert.equal(names.length, 4, names.join(' '));
    assert.ok(names.includes('spiderpool-mine.log') && names.includes('other.log'));
    assert.equal(names.filter((name) => /^spiderpool-2\d{3}-/.test(name)).length, 1);
  });

  test('a log file or folder that is a link, or has a second name, is error 7, and a DEL succeeds', {
    skip: skipUnlessRoot,
  }, async () => {
    using folder = new TemporaryFolder();
    using logs = new TemporaryFolder('/var/log');
    writeFileSync(folder.file('victim'), '');
    writeFileSync(logs.file('twice'), '');
    linkSync(logs.file('twice'), logs.file('hard'));
    symlinkSync(folder.file('victim'), logs.file('soft'));
    symlinkSync(folder.path, logs.file('away'));
    const run = (verb: string, name: string): ReturnType<typeof runPlugin> =>
      runPlugin(
        { ...attachment, CNI_COMMAND: verb, SPIDERPOOL_STATE_DIR: folder.path },
        configFor(folder.file('s'), { log_level: 'debug', log_file_path: logs.file(name) }),
      );
    const names = ['hard', 'soft', 'away/victim', 'away/new'];
    const [dels, adds] = await Promise.all([
      Promise.all(names.map((name) => run('DEL', name))),
      Promise.all(names.map((name) => run('ADD', name))),
    ]);
    for (const end of dels) assert.deepEqual([end.exitCode, end.stdout], [0, '']);
    for (const end of adds) {
      assert.equal(errorOf(end).code, 7);
      assert.match(errorOf(end).msg, /log_file_path/);
    }
    assert.equal(readFileSync(folder.file('victim'), 'utf8'), '');
    assert.equal(readFileSync(logs.file('twice'), 'utf8'), '');
  });
});
