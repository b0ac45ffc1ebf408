/** A disk that stores pieces and then loses them is not filled again and again without a pause. */
import { describe, expect, it } from 'vitest';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { EngineLab, type ScriptedPeer } from '../engine-lab.ts';

const failing = { code: 'EIO', message: 'EIO: i/o error, fsync' };

function lose(lab: EngineLab, trouble: { code: string; message: string }): void {
  lab.tell({ type: 'pieces-lost', torrent: 1, pieces: [0 as PieceIndex], trouble });
}

/** Milliseconds until the lost piece is stored again, to half a second. */
function msUntilStored(lab: EngineLab, peer: ScriptedPeer): number {
  const beganMs = lab.nowMs;
  const { haveCount } = lab.status;
  while (lab.status.haveCount === haveCount && lab.nowMs < beganMs + 3_600_000) {
    peer.serve();
    while (lab.stores.length > 0) lab.store('stored');
    lab.pass(500);
  }
  return lab.nowMs - beganMs;
}

describe('pieces that a failing disk loses again and again', () => {
  it('lost pieces are downloaded again after a wait that doubles with each loss, up to a maximum', () => {
    const limits = { diskRetryMs: 5_000, lossRetryMaxMs: 40_000 };
    const lab = new EngineLab({ pieceCount: 2, has: (i) => i === 0, limits });
    const peer = lab.join({ has: [0] });
    const waits = Array.from({ length: 6 }, () => {
      lose(lab, failing);
      return Math.round(msUntilStored(lab, peer) / 5_000);
    });
    expect(waits).toEqual([1, 2, 4, 8, 8, 8]);
  });

  it('the wait starts over when pieces have stayed stored for a minute', () => {
    const lab = new EngineLab({ pieceCount: 2, has: (i) => i === 0 });
    const peer = lab.join({ has: [0] });
    for (let i = 0; i < 4; i++) {
      lose(lab, failing);
      msUntilStored(lab, peer);
    }
    lab.pass(61_000);
    lose(lab, failing);
    expect(msUntilStored(lab, peer)).toBeLessThan(7_000);
  });

  it('a piece that arrived before the loss and is stored after it does not end the wait', () => {
    const lab = new EngineLab({ pieceCount: 4, has: (i) => i === 0 });
    const peer = lab.join();
    peer.serve(4);
    lose(lab, failing);
    lab.store('stored');
    const asked = peer.heardOf('request').length;
    lab.pass(2_000);
    expect(peer.heardOf('request')).toHaveLength(asked);
  });
});

it.each(['EGONE', 'EREPLACED', 'ECHANGED'])(
  'pieces of a lost file are downloaded again at once: %s',
  (code) => {
    const lab = new EngineLab({ pieceCount: 2, has: (i) => i === 0 });
    const peer = lab.join({ has: [0] });
    for (let i = 0; i < 5; i++) {
      lose(lab, { code, message: 'lost' });
      expect(msUntilStored(lab, peer)).toBeLessThan(1_000);
    }
  },
);
