/** When a record is made: soon after something was stored or lost, at once after much, and never after the last one. */
import { describe, expect, it } from 'vitest';
import { start } from '../../../client/host/disk/steps.ts';
import { pieceLength, StorageBench } from '../storage/storage-bench.ts';
import { finished } from '../test-drive.ts';

/** Records that were begun. */
const begun = ({ test }: StorageBench) =>
  test.calls.filter((call) => call.startsWith('open') && call.endsWith('.tmp')).length;

/** Timers of the journal: the other one is that of the looks every two seconds. */
const armed = ({ timers }: StorageBench) => timers.waiting.length - 1;

describe('a record is made', () => {
  it('two seconds after the first piece, however many come meanwhile', () => {
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

  it('at once when so many bytes were stored since the last one, and not before', () => {
    const bench = new StorageBench({ pace: { flushMs: 2_000, flushBytes: 2 * pieceLength } });
    bench.fetch(0);
    expect(begun(bench)).toBe(0);
    bench.fetch(1);
    expect(begun(bench)).toBe(1);
    expect(bench.recorded()).toEqual([0, 1]);
    // What is recorded counts no more.
    bench.fetch(2);
    expect(begun(bench)).toBe(1);
    bench.fetch(3);
    expect(begun(bench)).toBe(2);
  });

  it('after the one that is under way, and not beside it, of what is stored meanwhile', () => {
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

  it('two seconds after a piece was lost', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    bench.flush();
    bench.files.losePieces([bench.piece(0)]);
    bench.journal.onLost([bench.piece(0)]);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
  });

  it('after the one that is under way, of what is lost meanwhile', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    // All is decided but the writing.
    bench.test.at('sync resume', () => {
      bench.files.losePieces([bench.piece(0)]);
      bench.journal.onLost([bench.piece(0)]);
    });
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([0]);
    bench.timers.pass(2_000);
    expect(bench.recorded()).toEqual([]);
  });

  it('again every two seconds while its own disk does not take it, though nothing more is stored', () => {
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

  it('for who asks for it after the one that is under way, with all that was stored until then', () => {
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

  it('without being asked at the start, when what is there may not be on the disk yet', () => {
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
  it('none is written that was due', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    finished(bench.journal.stopping());
    bench.timers.pass(10_000);
    expect(begun(bench)).toBe(1);
    expect(bench.record()).toMatchObject({ clean: true });
  });

  it('none is due, whatever is still told', () => {
    const bench = new StorageBench();
    bench.fetch(0);
    finished(bench.journal.stopping());
    bench.journal.onStored(bench.piece(1), [bench.file('a.flac')], pieceLength);
    bench.journal.onLost([bench.piece(0)]);
    bench.files.onPlaced(bench.file('a.flac'));
    expect(armed(bench)).toBe(0);
  });

  it('none is due of what came during the one before', () => {
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
