/**
 * Blocks requested from a second peer. The model examines every peer and every block to predict the requests.
 * It does not predict who was asked before: every peer that owes a received block is notified.
 */
import type { Context } from '../../../../client/engine/context.ts';
import { defaultLimits, type Limits } from '../../../../client/engine/limits.ts';
import { Deadlines } from '../../../../client/engine/pieces/deadlines.ts';
import type { PieceLedger } from '../../../../client/engine/pieces/piece-ledger.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import type { BlockSource, RequestedPiece } from '../../../../client/engine/requests/block-source.ts';
import { DuplicateRequests } from '../../../../client/engine/requests/duplicate-requests.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, Clock, type SteppedPart } from '../step.ts';
import { Forecast } from './forecast.ts';
import { blocksPerPiece, pieceCount, Scene } from './scene.ts';

const blockBytes = 16 * 1024;

export const duplicateRequests: SteppedPart = {
  name: 'duplicate-requests',
  begin(random) {
    const clock = new Clock(random);
    const limits = drawLimits(random);
    const scene = new Scene(limits);
    // With many peers the slowest are ranked anew only at intervals.
    const peers = random.below(4) === 0 ? 32 + random.below(3) : 2 + random.below(4);
    for (let connection = 0; connection < peers; connection++) scene.come(connection, random);
    const ledger = {
      fetching: (pieceIndex: PieceIndex) => scene.pieces.get(pieceIndex),
    } as PieceLedger<BlockSource>;
    const duplicates = new DuplicateRequests(scene, ledger, scene.sessions, { limits } as unknown as Context);
    const forecast = new Forecast(scene);
    const deadlines = new Deadlines(3);
    const sessions = [...scene.sessions.values()];
    const anyone = () => sessions[random.below(sessions.length)]!;
    const owed = (key: number) => sessions.filter(({ pipeline }) => pipeline.asked.includes(key));
    const anyKey = () => random.below(blocksPerPiece * pieceCount);
    const end = (piece: RequestedPiece) => {
      for (let block = 0; block < blocksPerPiece; block++)
        for (const session of owed(scene.blockKey(piece.pieceIndex, block)))
          scene.giveUp(session, scene.blockKey(piece.pieceIndex, block));
      duplicates.forget(piece);
      scene.pieces.delete(piece.pieceIndex);
      forecast.forget(piece.pieceIndex);
    };
    const receive = (key: number) => {
      const { piece, blockIndex } = scene.locate(key);
      const from = owed(key)[random.below(3)] ?? anyone();
      const sink = piece?.openSink(blockIndex);
      if (piece === undefined || sink === undefined) return;
      sink.got = sink.blockBytes;
      piece.receive(sink, from.record!);
      const wasAsked = from.pipeline.settle(key);
      if (wasAsked) piece.giveBack(blockIndex);
      from.pipeline.onBlock(wasAsked, true);
      const due = owed(key).map(({ connection }) => `cancels ${key} of ${connection}`);
      duplicates.onBlock(piece, blockIndex, from);
      agreeOnAll('those who are told that a block is here', scene.log.toSorted(), due.toSorted());
      forecast.received(key);
      if (piece.isComplete) end(piece);
    };
    return () => {
      clock.goOn(
        [50, limits.takeOverMs],
        [
          ...[...scene.pieces.values()].map(({ ownedMs }) => ownedMs + limits.takeOverMs),
          ...[...deadlines.all.values()].map((atMs) => atMs - limits.deadlineLookMs),
        ],
      );
      const way = random.below(18);
      scene.log = [];
      const session = anyone();
      if (way < 4) {
        const pieceIndex = random.below(pieceCount) as PieceIndex;
        if (!scene.pieces.has(pieceIndex)) scene.begin(pieceIndex);
        const piece = scene.pieces.get(pieceIndex)!;
        if (piece.exclusiveTo === undefined && random.below(8) === 0)
          Object.assign(piece, { exclusiveTo: session, ownedMs: clock.nowMs });
        const to = piece.exclusiveTo ?? session;
        for (let n = 1 + random.below(2); n > 0; n--) {
          const blockIndex = piece.askFree();
          if (blockIndex !== undefined) scene.ask(piece, blockIndex, to, clock.nowMs);
        }
      } else if (way < 7) {
        session.pipeline.rate = [0, 1_000, 20_000, 40_000, 200_000][random.below(5)]!;
        session.pipeline.tick(session.pipeline.rate);
        if (random.below(2) === 0) session.pipeline.onProgress(blockBytes, clock.nowMs);
      } else if (way < 9) receive(anyKey());
      else if (way === 9) scene.giveUp(session, anyKey());
      else if (way === 10) {
        // Often the moment at which a block will arrive.
        const drainMs = session.pipeline.drainMs(session.pipeline.rate, clock.nowMs, 1 + random.below(2));
        const isFar = random.below(2) === 0 || drainMs > limits.deadlineLookMs;
        const inMs = isFar ? random.below(2 * limits.deadlineLookMs) : drainMs + random.below(3) - 1;
        const atMs = clock.nowMs + inMs;
        deadlines.set(random.below(pieceCount) as PieceIndex, atMs);
      } else if (way === 11) {
        const piece = scene.pieces.get(random.below(pieceCount) as PieceIndex);
        if (random.below(3) === 0 && piece !== undefined) end(piece);
      } else if (way === 12) session.pipeline.stalled = random.below(2) === 0;
      else if (way < 15) {
        const meant = forecast.endgame(session, clock.nowMs);
        duplicates.endgame(session, clock.nowMs);
        agreeOnAll('what is done when nothing else is left', scene.log, meant);
      } else {
        const meant = forecast.rescue(deadlines, clock.nowMs);
        duplicates.rescue(deadlines, clock.nowMs);
        agreeOnAll('what is done for what is due', scene.log, meant);
      }
      agree('how many blocks have earlier askers', duplicates.earlierCount, forecast.copied.size);
    };
  },
};

function drawLimits(random: Prng): Limits {
  return {
    ...defaultLimits,
    endgameCopiesMax: 1 + random.below(3),
    endgameRequestsMax: 1 + random.below(4),
    deadlineLookMs: 100 + random.below(3_000),
    takeOverMs: 100 + random.below(2_000),
    requestsOutstandingMax: 2 + random.below(8),
  };
}
