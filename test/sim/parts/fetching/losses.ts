/** Lost pieces: which peers are misled by an old have, and when the pieces are fetched again. */
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { DiskTrouble } from '../../../../client/engine/contract.ts';
import { defaultLimits } from '../../../../client/engine/limits.ts';
import { isFailingDisk, LossPace } from '../../../../client/engine/swarm/loss-pace.ts';
import { LostPieces } from '../../../../client/engine/swarm/lost-pieces.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, Clock, type SteppedPart } from '../step.ts';

/** The model: for each peer, the announced pieces that are lost since. */
export const lostPieces: SteppedPart = {
  name: 'lost-pieces',
  begin(random) {
    const roundMs = 1 + random.below(1_000);
    const lost = new LostPieces(roundMs);
    const clock = new Clock(random);
    const peers = Array.from({ length: 4 }, () => {
      const has = new Set<PieceIndex>();
      return {
        session: { pieces: { has: (one: PieceIndex) => has.has(one) } } as unknown as PeerSession,
        has,
      };
    });
    const believes = new Map(peers.map((peer) => [peer, new Set<PieceIndex>()]));
    const count = 5;
    let isDue = false;
    let nextMs = 0;
    return () => {
      clock.goOn([roundMs], [nextMs]);
      const peer = peers[random.below(peers.length)]!;
      const pieceIndex = random.below(count) as PieceIndex;
      const way = random.below(8);
      if (way === 0) {
        lost.onTold(peer.session);
        believes.get(peer)!.clear();
      } else if (way < 3) {
        const gone = new Set([pieceIndex, random.below(count) as PieceIndex]);
        lost.onLost(gone);
        isDue = true;
        // A peer that was told of the piece again after an earlier loss believes so once more.
        for (const wrong of believes.values()) for (const one of gone) wrong.add(one);
      } else if (way === 3) {
        lost.onStored(pieceIndex);
        for (const wrong of believes.values()) wrong.delete(pieceIndex);
      } else if (way === 4) {
        if (!peer.has.delete(pieceIndex)) peer.has.add(pieceIndex);
      } else {
        const mayBe = isDue && clock.nowMs >= nextMs;
        const misled = peers.filter((one) => [...believes.get(one)!].some((wrong) => !one.has.has(wrong)));
        const sessions = peers.map(({ session }) => session);
        const taken = lost.takeMisled(sessions, clock.nowMs);
        agreeOnAll(
          'those that are let go',
          taken.map((one) => sessions.indexOf(one)),
          mayBe ? misled.map((one) => peers.indexOf(one)) : [],
        );
        if (!mayBe) return;
        isDue = false;
        if (misled.length > 0) nextMs = clock.nowMs + roundMs;
      }
    };
  },
};

/** A disk that fails and goes on failing, and files that others have changed. */
const failing = ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS', 'ENXIO', 'ESTALE'];
const others = ['ENOENT', 'EACCES', 'changed', ''];

/** The model: the last wait, and when a piece was first stored after it. */
export const lossPace: SteppedPart = {
  name: 'loss-pace',
  begin(random) {
    const diskRetryMs = 1 + random.below(50);
    const lossRetryMaxMs = diskRetryMs + random.below(400);
    const lossRoundMs = 1 + random.below(300);
    const pace = new LossPace({ ...defaultLimits, diskRetryMs, lossRetryMaxMs, lossRoundMs });
    const clock = new Clock(random);
    const stored: number[] = [];
    let losses = 0;
    return () => {
      clock.goOn([lossRoundMs], stored.length > 0 ? [stored[0]! + lossRoundMs] : []);
      if (random.below(2) === 0) {
        pace.onStored(clock.nowMs);
        stored.push(clock.nowMs);
      } else {
        const isSettled = stored.length > 0 && clock.nowMs - stored[0]! >= lossRoundMs;
        losses = isSettled ? 1 : losses + 1;
        const waitMs = Math.min(lossRetryMaxMs, diskRetryMs * 2 ** (losses - 1));
        agree('how long nothing is fetched', pace.onLost(clock.nowMs), waitMs);
        stored.length = 0;
      }
      const codes = random.below(2) === 0 ? failing : others;
      const trouble: DiskTrouble = { code: codes[random.below(codes.length)]!, message: '' };
      agree(`whether a disk fails with ${trouble.code}`, isFailingDisk(trouble), codes === failing);
    };
  },
};
