/** Deliberate bugs in downloading: pieces, requests, blocks, metadata and availability. */
import { engine, type Mutant } from './mutant.ts';

export const fetching: readonly Mutant[] = [
  {
    name: 'a corrupt piece is accepted',
    file: engine('engine'),
    from: '?.onPieceCorrupt(fact.pieceIndex, fact.digests, nowMs)',
    to: '?.onPieceStored(fact.pieceIndex, fact.digests, nowMs)',
  },
  {
    name: 'the duplicate request of a block is not cancelled',
    file: engine('requests/duplicate-requests'),
    from: '      this.#requests.cancel(source, key);\n    }\n  }\n\n  #takeEarlier',
    to: '    }\n  }\n\n  #takeEarlier',
  },
  {
    name: 'a request slot leaks',
    file: engine('requests/request-pipeline'),
    from: 'if (at >= 0) removeAt(this.asked, at);\n    // BEP 6',
    to: 'if (at >= 0) this.late.delete(key);\n    // BEP 6',
  },
  {
    name: 'the last block is one byte too long',
    file: 'torrents/geometry.ts',
    from: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax)',
    to: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax + 1)',
  },
  {
    name: 'all senders of a corrupt piece are banned',
    file: engine('pieces/piece-provenance'),
    from: 'return sources.size === 1 ? [...sources] : [];',
    to: 'return [...sources];',
  },
  {
    name: 'availability counts each have twice',
    file: engine('connection/interest'),
    from: '    this.#picker.onHave(pieceIndex);\n    this.#initialSeeding',
    to: '    this.#picker.onHave(pieceIndex);\n    this.#picker.onHave(pieceIndex);\n    this.#initialSeeding',
  },
  {
    name: 'a choke does not release requests',
    file: engine('swarm/swarm'),
    from: 'if (!session.peerChoking) return;\n    this.scheduler.release(session);',
    to: 'if (!session.peerChoking) return;',
  },
  {
    name: 'an unrequested block is accepted',
    file: engine('requests/block-receiver'),
    from: 'if (!source.pipeline.expects(this.#scheduler.blockKey(block.pieceIndex, blockIndex))) {',
    to: 'if (Number.isNaN(blockIndex)) {',
  },
  {
    name: 'unrequested blocks are unlimited',
    file: engine('requests/request-pipeline'),
    from: 'return this.unaskedCount <= this.#limits.unaskedBlocksMax;',
    to: 'return this.#unasked >= 0;',
  },
  {
    name: 'no have is sent',
    file: engine('connection/interest'),
    from: 'session.sendHave(pieceIndex);',
    to: 'session.pieces.has(pieceIndex);',
  },
  {
    name: 'the memory budget of a failed piece leaks',
    file: engine('pieces/piece-ledger'),
    from: '    this.#leave(pieceIndex);\n    this.#budget.pieceBytes -= this.geometry.pieceBytes(pieceIndex);',
    to: '    this.#leave(pieceIndex);',
  },
  {
    name: 'the buffer of an abandoned piece leaks',
    file: engine('pieces/piece-ledger'),
    from: '      if (piece.buffer !== undefined) this.#memory.release(piece.buffer);\n      piece.buffer = undefined;\n      this.#budget',
    to: '      piece.buffer = undefined;\n      this.#budget',
  },
  {
    name: 'announces say that nothing is left',
    file: engine('swarm/swarm'),
    from: 'left: this.ledger.leftBytes };',
    to: 'left: 0 };',
  },
  {
    name: 'corrupt metadata is accepted',
    file: engine('swarm/metadata-swarm'),
    from: '    if (isRight) {',
    to: '    if (isRight || checked.bytes.length > 0) {',
  },
  {
    name: 'a snubbing peer is never dropped',
    file: engine('connection/session-watch'),
    from: 'if (pipeline.isSilent(nowMs, limits.stallCloseMs))',
    to: 'if (pipeline.isSilent(nowMs, 1_000 * limits.stallCloseMs))',
  },
  {
    name: 'requests to a peer that has left stay pending',
    file: engine('swarm/swarm'),
    from: 'onLeft(session: PeerSession, nowMs: number): void {\n    this.scheduler.release(session);',
    to: 'onLeft(session: PeerSession, nowMs: number): void {',
  },
  {
    name: 'a have out of range is accepted',
    file: engine('connection/peer-session'),
    from: "const pieceIndex = this.#geometry.pieceIndex(index);\n    if (pieceIndex === undefined) return 'piece-out-of-range';",
    to: 'const pieceIndex = index as PieceIndex;',
  },
  {
    name: 'pieces of a peer that has left count as available',
    file: engine('connection/interest'),
    from: 'session.pieces.each((pieceIndex) => this.#picker.onLost(pieceIndex));',
    to: 'session.pieces.each((pieceIndex) => this.#picker.isCandidate(pieceIndex));',
  },
  {
    name: 'holders of a lost piece do not become useful',
    file: engine('connection/interest'),
    from: 'if (session.pieces.has(pieceIndex)) session.usefulCount += 1;\n      session',
    to: 'session.pieces.has(pieceIndex);\n      session',
  },
];
