/** Messages about a disk that is full, fails or is not writable, and about the end of such trouble. */
import { describe, expect, it } from 'vitest';
import { diskWords } from '../../../client/cli/swarm-view/disk-words.ts';
import { figuresOf } from '../../../client/cli/transfer/transfer-figures.ts';
import type { TorrentStatus } from '../../../client/engine/status.ts';
import type { ActiveTorrent } from '../../../client/host/active-torrent.ts';
import { DiskRefusal } from '../../../client/session/following/disk-refusal.ts';
import { Following } from '../../../client/session/following/following.ts';
import { TransferRun } from '../../../client/session/transfers/transfer-run.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';

const MiB = 1024 * 1024;
const full = { code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' };

describe('words', () => {
  it.each([
    ['ENOSPC', /full: make room; the download goes on then$/],
    ['EDQUOT', /share of the disk is used up: make room; the download goes on then$/],
    ['EROFS', /only be read: make it writable; the download goes on then$/],
    ['EACCES', /not allowed \(why\): change the rights; the download goes on then$/],
    ['EPERM', /not allowed \(why\): change the rights; the download goes on then$/],
    ['EIO', /fails \(why\): check it; Cicada tries again$/],
    ['EFBIG', /no file of this size \(why\): stop, and choose another --out$/],
    ['EWHATEVER', /refuses \(why\); Cicada tries again$/],
  ])('the words for %s say what is wrong, and what to do', (code, words) => {
    expect(diskWords({ code, message: 'why' })).toMatch(words);
  });

  it('the words of a disk error have the figures where they are known', () => {
    const words = diskWords(full, { missingBytes: 58 * MiB, freeBytes: 3 * MiB });
    expect(words).toBe('the disk is full: make room for 58 MiB (3 MiB free); the download goes on then');
  });

  it('the words of a disk error make the control characters of a path visible', () => {
    expect(diskWords({ code: 'EIO', message: '\x1b[2J' })).toContain('\\u001b');
  });
});

describe('a disk that takes pieces and loses them', () => {
  const failing = { code: 'EIO', message: 'EIO: i/o error, fsync' };

  it('a disk that loses pieces is reported once, even if it loses more within a minute', () => {
    const refusal = new DiskRefusal();
    expect(refusal.onTrouble(failing, 100, true)).toBe(true);
    for (let nowMs = 0; nowMs < 600_000; nowMs += 40_000) {
      expect(refusal.look(150, false, nowMs)).toBe(false);
      expect(refusal.look(150, false, nowMs + 30_000)).toBe(false);
      expect(refusal.onTrouble(failing, 100, true)).toBe(false);
    }
  });

  it('a disk that loses pieces is reported once, also when it refuses pieces in between', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(failing, 100, true);
    expect(refusal.onTrouble(failing, 100)).toBe(false);
    refusal.look(150, false, 1_000);
    expect(refusal.look(150, false, 30_000)).toBe(false);
    expect(refusal.onTrouble(failing, 100, true)).toBe(false);
  });

  it('a disk is well again when stored pieces have stayed for a minute', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(failing, 100, true);
    expect(refusal.look(150, false, 1_000)).toBe(false);
    expect(refusal.look(150, false, 61_000)).toBe(true);
    expect(refusal.trouble).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('a refusal is reported once, and ends when pieces were stored for two seconds and none was refused', () => {
    const refusal = new DiskRefusal();
    expect(refusal.onTrouble(full, 100)).toBe(true);
    expect(refusal.onTrouble(full, 100)).toBe(false);
    expect(refusal.look(100, false, 60_000)).toBe(false);
    expect(refusal.look(150, false, 61_000)).toBe(false);
    // A small piece found space.
    expect(refusal.onTrouble(full, 150)).toBe(false);
    expect(refusal.look(150, false, 64_000)).toBe(false);
    expect(refusal.look(200, false, 65_000)).toBe(false);
    expect(refusal.trouble).toEqual(full);
    expect(refusal.look(300, false, 67_000)).toBe(true);
    expect(refusal.trouble).toBeUndefined();
  });

  it('a refusal ends at once when the download is complete', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(full, 100);
    expect(refusal.look(200, true, 1)).toBe(true);
  });

  it('a refusal of another kind is reported again', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(full, 100);
    expect(refusal.onTrouble({ code: 'EIO', message: '' }, 100)).toBe(true);
  });
});

describe('a download whose disk refuses', () => {
  it('a download whose disk refuses shows no rate and no time left, though data still arrives', () => {
    const files = { files: [], name: 'Album', trackers: [] };
    const metainfo = { infoHash: new Uint8Array(20), ...files } as unknown as Metainfo;
    const status = {
      ...{ haveWantedBytes: 40 * MiB, wantedBytes: 98 * MiB, downBps: 3 * MiB, upBps: 0, complete: false },
      ...{ peers: [{}], trackers: [], peersKnown: 1, trouble: undefined },
    } as unknown as TorrentStatus;
    const following = new Following(() => {}, { nowMs: () => 0, freeBytes: async () => undefined });
    const active = { status: () => status, path: '/music/Album', metainfo } as unknown as ActiveTorrent;
    const clocks = { nowMs: () => 0, wallMs: () => 0 };
    const run = new TransferRun(following, clocks, { isComplete: false, dates: { addedMs: 0 } });
    run.begin({ active, isChecked: false, space: undefined });
    const transfer = { infoHash: '', metainfo, run };
    expect(figuresOf(transfer)).toMatchObject({
      ...{ etaSeconds: 20, downBps: 3 * MiB, waitingFor: undefined },
    });
    following.onReport({ type: 'disk-trouble', torrent: 1, trouble: full });
    expect(figuresOf(transfer)).toMatchObject({
      ...{ etaSeconds: undefined, downBps: 0, waitingFor: expect.stringMatching(/^the disk is full/) },
    });
    expect(run.isMoving).toBe(false);
  });
});
