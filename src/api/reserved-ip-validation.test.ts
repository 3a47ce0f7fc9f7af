import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FieldError } from './field-error.ts';
import { defaultReservedIp } from './reserved-ip-defaults.ts';
import { validateReservedIp, validateReservedIpUpdate } from './reserved-ip-validation.ts';
import { anyReservedIp, reservedFixture } from './testing/resources.ts';

const families = [4, 6] as const;
const rows = (errors: readonly FieldError[]) =>
  errors.map(({ type, path, message }) => [type, path, message]);

describe('defaultReservedIp()', () => {
  test('defaultReservedIp() takes the family from the first entry', () => {
    assert.equal(defaultReservedIp(reservedFixture({ ips: ['10.6.0.1-10.6.0.9'] })).spec.ipVersion, 4);
    assert.equal(defaultReservedIp(reservedFixture({ ips: ['64:ff9b::1-64:ff9b::5'] })).spec.ipVersion, 6);
  });

  test('defaultReservedIp() merges several entries only', () => {
    const merged = defaultReservedIp(reservedFixture({ ips: ['fd00::2', 'fd00::1', 'FD00::2'] }));
    assert.deepEqual(merged.spec.ips, ['fd00::1-fd00::2']);
    assert.deepEqual(defaultReservedIp(reservedFixture({ ips: ['FD00::2'] })).spec.ips, ['FD00::2']);
  });

  test('defaultReservedIp() leaves an empty and a deleted object alone', () => {
    const empty = reservedFixture({ ips: [] });
    assert.equal(defaultReservedIp(empty), empty);
    const deleted = reservedFixture({ ips: ['10.6.0.1'] }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    assert.equal(defaultReservedIp(deleted), deleted);
  });

  test('defaultReservedIp() is idempotent', () => {
    fc.assert(
      fc.property(anyReservedIp, (reserved) => {
        const once = defaultReservedIp(reserved);
        assert.deepEqual(defaultReservedIp(once), once);
      }),
    );
  });
});

describe('validateReservedIp()', () => {
  const cases = [
    ['accepts addresses and ranges', { ipVersion: 4, ips: ['10.6.0.1', '10.6.0.1-10.6.0.9'] }, []],
    ['accepts a family without addresses', { ipVersion: 6, ips: [] }, []],
    [
      'accepts all of IPv6 at once',
      { ipVersion: 6, ips: ['::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'] },
      [],
    ],
    [
      'refuses an object without family',
      {},
      [
        [
          'Required',
          'spec.ipVersion',
          'ipVersion is missing and does not follow from the addresses: write 4 or 6',
        ],
      ],
    ],
    [
      'refuses entries of the other family',
      { ipVersion: 6, ips: ['fd00::1', '10.6.0.1'] },
      [
        [
          'Invalid',
          'spec.ips[1]',
          '"10.6.0.1" is not an IPv6 address: write an address such as "fd00::1" or a range such as "fd00::1-fd00::9"',
        ],
      ],
    ],
    [
      'refuses a reversed range',
      { ipVersion: 4, ips: ['10.6.0.9-10.6.0.1'] },
      [['Invalid', 'spec.ips[0]', '"10.6.0.9-10.6.0.1" ends before it starts: write "10.6.0.1-10.6.0.9"']],
    ],
  ] as const;
  for (const [name, spec, errors] of cases) {
    test(`validateReservedIp() ${name}`, () => {
      assert.deepEqual(rows(validateReservedIp(reservedFixture(spec), families)), errors);
    });
  }

  test('validateReservedIp() refuses a family that is switched off', () => {
    assert.deepEqual(rows(validateReservedIp(reservedFixture(), [6])), [
      [
        'Forbidden',
        'spec.ipVersion',
        'IPv4 is switched off: set enableIPv4 to true in the configuration, or use the other family',
      ],
    ]);
  });
});

describe('validateReservedIpUpdate()', () => {
  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };

  test('validateReservedIpUpdate() refuses another family', () => {
    const updated = reservedFixture({ ipVersion: 6, ips: ['fd00::1'] });
    assert.deepEqual(rows(validateReservedIpUpdate(reservedFixture(), updated, families)), [
      [
        'Forbidden',
        'spec.ipVersion',
        "ipVersion can't be changed: write 4, or create another SpiderReservedIP",
      ],
    ]);
  });

  test('validateReservedIpUpdate() refuses a change of what is being deleted', () => {
    const [old, updated] = [reservedFixture(undefined, deleted), reservedFixture({ ipVersion: 4 }, deleted)];
    assert.deepEqual(rows(validateReservedIpUpdate(old, updated, families)), [
      [
        'Forbidden',
        'metadata.deletionTimestamp',
        'the object is being deleted, so its spec is fixed: leave it as it is, or create another one',
      ],
    ]);
  });

  test('validateReservedIpUpdate() refuses only what gets worse', () => {
    const old = reservedFixture({ ipVersion: 4, ips: ['x', 'y'] });
    assert.deepEqual(
      validateReservedIpUpdate(old, reservedFixture({ ipVersion: 4, ips: ['y'] }), families),
      [],
    );
    const worse = reservedFixture({ ipVersion: 4, ips: ['x', 'z'] });
    assert.deepEqual(
      validateReservedIpUpdate(old, worse, families).map((error) => error.path),
      ['spec.ips[1]'],
    );
  });

  test('validateReservedIpUpdate() accepts any object as its own successor', () => {
    fc.assert(
      fc.property(anyReservedIp, (reserved) => {
        assert.deepEqual(validateReservedIpUpdate(reserved, reserved, [6]), []);
      }),
    );
  });

  test('validateReservedIpUpdate() answers for any two objects', () => {
    fc.assert(
      fc.property(anyReservedIp, anyReservedIp, (old, updated) => {
        assert.ok(Array.isArray(validateReservedIpUpdate(old, updated, families)));
      }),
    );
  });
});
