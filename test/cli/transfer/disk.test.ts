/** What people hear of a disk that is full, fails or may not be written, and when they hear that it is over. */
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
  ])('%s: what is wrong, and what to do', (code, words) => {
    expect(diskWords({ code, message: 'why' })).toMatch(words);
  });

  it('say the figures where they are known', () => {
    const words = diskWords(full, { missingBytes: 58 * MiB, freeBytes: 3 * MiB });
    expect(words).toBe('the disk is full: make room for 58 MiB (3 MiB free); the download goes on then');
  });

  it('make the control characters of a path visible', () => {
    expect(diskWords({ code: 'EIO', message: '\x1b[2J' })).toContain('\\u001b');
  });
});

describe('a disk that takes pieces and loses them', () => {
  const failing = { code: 'EIO', message: 'EIO: i/o error, fsync' };

  it('is told once, however often it does so within a minute of taking them again', () => {
    const refusal = new DiskRefusal();
    expect(refusal.onTrouble(failing, 100, true)).toBe(true);
    for (let nowMs = 0; nowMs < 600_000; nowMs += 40_000) {
      expect(refusal.look(150, false, nowMs)).toBe(false);
      expect(refusal.look(150, false, nowMs + 30_000)).toBe(false);
      expect(refusal.onTrouble(failing, 100, true)).toBe(false);
    }
  });

  it('is told once, also when it refuses pieces between the losses', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(failing, 100, true);
    expect(refusal.onTrouble(failing, 100)).toBe(false);
    refusal.look(150, false, 1_000);
    expect(refusal.look(150, false, 30_000)).toBe(false);
    expect(refusal.onTrouble(failing, 100, true)).toBe(false);
  });

  it('is well again when what was stored has stayed for a minute', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(failing, 100, true);
    expect(refusal.look(150, false, 1_000)).toBe(false);
    expect(refusal.look(150, false, 61_000)).toBe(true);
    expect(refusal.trouble).toBeUndefined();
  });
});

describe('a refusal', () => {
  it('is told once, and is over when pieces were stored for two seconds and none was refused', () => {
    const refusal = new DiskRefusal();
    expect(refusal.onTrouble(full, 100)).toBe(true);
    expect(refusal.onTrouble(full, 100)).toBe(false);
    expect(refusal.look(100, false, 60_000)).toBe(false);
    expect(refusal.look(150, false, 61_000)).toBe(false);
    // A small piece had found a place.
    expect(refusal.onTrouble(full, 150)).toBe(false);
    expect(refusal.look(150, false, 64_000)).toBe(false);
    expect(refusal.look(200, false, 65_000)).toBe(false);
    expect(refusal.trouble).toEqual(full);
    expect(refusal.look(300, false, 67_000)).toBe(true);
    expect(refusal.trouble).toBeUndefined();
  });

  it('is over at once when everything is there', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(full, 100);
    expect(refusal.look(200, true, 1)).toBe(true);
  });

  it('of another kind is news', () => {
    const refusal = new DiskRefusal();
    refusal.onTrouble(full, 100);
    expect(refusal.onTrouble({ code: 'EIO', message: '' }, 100)).toBe(true);
  });
});

describe('a download whose disk refuses', () => {
  it('shows no rate and no time left, though data goes on coming', () => {
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
