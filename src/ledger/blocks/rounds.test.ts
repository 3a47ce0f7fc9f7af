import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rounds, type RoundsOptions } from './rounds.ts';

function options(more: Partial<RoundsOptions> = {}): RoundsOptions {
  return { restMsMax: 0, random: () => 1, closing: new AbortController().signal, ...more };
}

void describe('Rounds', () => {
  void it('Rounds.next() never gets a reading that began before it was called', async () => {
    let [begun, waitingSeen] = [0, 0];
    const readings: PromiseWithResolvers<number>[] = [];
    const rounds = new Rounds(async (waiting) => {
      waitingSeen = waiting;
      const reading = Promise.withResolvers<number>();
      readings.push(reading);
      begun++;
      return reading.promise;
    }, options());
    const first = rounds.next(undefined);
    await until(() => begun === 1);
    const late = [rounds.next(undefined), rounds.next(undefined)];
    readings[0]?.resolve(1);
    assert.equal(await first, 1);
    await until(() => begun === 2);
    assert.equal(waitingSeen, 2);
    readings[1]?.resolve(2);
    assert.deepEqual(await Promise.all(late), [2, 2]);
    assert.equal(begun, 2);
  });

  void it('Rounds.next() rests after a reading in which nothing was found, until there may be something again', async () => {
    let begun = 0;
    const rounds = new Rounds(async () => ({ reading: begun++ }), options({ restMsMax: 3_600_000 }));
    let reading = await rounds.next(undefined);
    for (let i = 0; i < 30; i++) {
      rounds.foundNothing(reading);
      rounds.foundNothing(reading);
      assert.ok(rounds.isResting);
      rounds.hurry();
      reading = await rounds.next(undefined);
    }
    rounds.foundNothing(reading);
    const left = rounds.next(AbortSignal.timeout(5));
    const stays = rounds.next(undefined);
    await assert.rejects(left, { name: 'TimeoutError' });
    assert.equal(begun, 31, 'half an hour has not passed');
    rounds.reset();
    await stays;
    assert.equal(begun, 32);
    assert.ok(!rounds.isResting);
  });

  void it('Rounds.next() tells all who wait of a failure, and goes on', async () => {
    let fails = true;
    const rounds = new Rounds(async () => {
      if (fails) throw new Error('no answer');
      return 1;
    }, options());
    const both = await Promise.allSettled([rounds.next(undefined), rounds.next(undefined)]);
    assert.deepEqual(
      both.map((result) => result.status),
      ['rejected', 'rejected'],
    );
    fails = false;
    assert.equal(await rounds.next(undefined), 1);
  });

  void it('Rounds.next() ends with LEDGER_CLOSED', async () => {
    const closing = new AbortController();
    const rounds = new Rounds(async () => ({}), options({ restMsMax: 3_600_000, closing: closing.signal }));
    for (let i = 0; i < 3; i++) rounds.foundNothing(await rounds.next(undefined));
    const waiting = rounds.next(undefined);
    closing.abort();
    await assert.rejects(waiting, { code: 'LEDGER_CLOSED' });
    await assert.rejects(rounds.next(undefined), { code: 'LEDGER_CLOSED' });
  });
});

async function until(check: () => boolean): Promise<void> {
  while (!check()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
