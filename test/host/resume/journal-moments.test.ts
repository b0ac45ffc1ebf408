/**
 * When a record is made: soon after a piece was stored or lost, at once after many bytes, and never after the
 * last record.
 */
import { describe, expect, it } from 'vitest';
import { start } from '../../../client/host/disk/steps.ts';
import { pieceLength, StorageBench } from '../storage/storage-bench.ts';
import { finished } from '../test-drive.ts';

/** The number of records begun. */
const begun = ({ test }: StorageBench) =>
  test.calls.filter((call) => call.startsWith('open') && call.endsWith('.tmp')).length;

/** Timers of the journal. The remaining one belongs to the inspection every two seconds. */
const armed = ({ timers }: StorageBench) => timers.waiting.length - 1;

describe('a record is made', () => {
  it('a record is made two seconds after the first piece, however many follow', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.timers.pass(1_500);
    bench.fetch(1);
    expect(begun(bench)).toBe(0);
    bench.timers.pass(500);
    expect(begun(bench)).toBe(1);
    expect(bench.recorded()).toEqual([0, 1]);
    bench.timers.pass(10_000);
    expect(begun(bench)).toBe(1);
  });

  it('a record is made at once when `flushBytes` were stored since the last one, and not before', () => {
    const bench = new StorageBench({ pace: { flushMs: 2_000, flushBytes: 2 * pieceLength } });
    bench.fetch(0);
    expect(begun(bench)).toBe(0);
    bench.fetch(1);
    expect(begun(bench)).toBe(1);
    expect(bench.recorded()).toEqual([0, 1]);
    // Recorded bytes do not count any more.
    bench.fetch(2);
    expect(begun(bench)).toBe(1);
    bench.fetch(3);
    expect(begun(bench)).toBe(2);
  });

  it('pieces stored during a record are recorded after it, not in parallel', () => {
    const bench = new StorageBench({ pace: { flushMs: 2_000, flushBytes: pieceLength } });
    bench.test.at('sync a.flac.part', () => {
      for (const piece of [1, 3, 4]) bench.fetch(piece);
      expect(begun(bench)).toBe(0);
    });
    bench.fetch(0);
    expect(begun(bench)).toBe(1);
    expect(bench.recorded()).toEqual([0]);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0, 1, 3, 4]);
    expect(begun(bench)).toBe(2);
  });

  it('a record is made two seconds after a piece was lost', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    bench.files.losePieces([bench.piece(0)]);
    bench.journal.onLost([bench.piece(0)]);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
  });

  it('a piece lost during a record is removed by the next record', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    // Everything but the write is decided.
    bench.test.at('sync resume', () => {
      bench.files.losePieces([bench.piece(0)]);
      bench.journal.onLost([bench.piece(0)]);
    });
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0]);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
  });

  it('a record that its disk refuses is retried every two seconds, even if no more pieces are stored', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    bench.fetch(1);
    const writing = bench.test.calls.find((call) => call.endsWith('.tmp'))!;
    bench.test.failing.set(writing, 'ENOSPC');
    bench.timers.pass(6_000);
    expect(bench.recorded()).toEqual([0]);
    bench.test.failing.clear();
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0, 1]);
    expect(armed(bench)).toBe(0);
  });

  it('a requested record follows the one under way, with all pieces stored until then', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    let isDone = false;
    bench.test.at('sync a.flac.part', () => {
      bench.fetch(1);
      start(bench.journal.flushing()).then(() => {
        isDone = true;
      });
      expect(isDone).toBe(false);
    });
    bench.timers.pass(2_000);
    expect(isDone).toBe(true);
    expect(bench.recorded()).toEqual([0, 1]);
  });

  it('a record is made after a start whose pieces may not be synced yet', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    // Killed before the first record.
    const again = bench.again();
    expect(again.has()).toEqual([0]);
    expect(again.recorded()).toEqual([]);
    again.timers.pass(2_000);
    expect(again.recorded()).toEqual([0]);
    expect(again.test.calls).toContain('sync a.flac.part');
  });
});

describe('after the last record', () => {
  it('no record that was due is written after the last one', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    finished(bench.journal.stopping());
    bench.timers.pass(10_000);
    expect(begun(bench)).toBe(1);
    expect(bench.record()).toMatchObject({ clean: true });
  });

  it('no event after the last record makes another one due', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    finished(bench.journal.stopping());
    bench.journal.onStored(bench.piece(1), [bench.file('a.flac')], pieceLength);
    bench.journal.onLost([bench.piece(0)]);
    bench.files.onPlaced(bench.file('a.flac'));
    expect(armed(bench)).toBe(0);
  });

  it('pieces stored during the record before the stop make no later record due', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.test.at('sync a.flac.part', () => {
      bench.fetch(1);
      start(bench.journal.stopping());
    });
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0, 1]);
    expect(armed(bench)).toBe(0);
  });
});
