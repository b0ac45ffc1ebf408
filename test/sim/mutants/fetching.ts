/**
 * Deliberate bugs in what is fetched: pieces, requests, blocks, metadata, and what is known of others’ pieces.
 */
import { engine, type Mutant } from './mutant.ts';

export const fetching: readonly Mutant[] = [
  {
    name: 'believe a piece whose hash is wrong',
    file: engine('engine'),
    from: '?.onPieceCorrupt(fact.pieceIndex, fact.digests, nowMs)',
    to: '?.onPieceStored(fact.pieceIndex, fact.digests, nowMs)',
  },
  {
    name: 'forget to cancel the other copy of a block',
    file: engine('requests/duplicate-requests'),
    from: '      this.#requests.cancel(source, key);\n    }\n  }\n\n  #takeEarlier',
    to: '    }\n  }\n\n  #takeEarlier',
  },
  {
    name: 'leak a request slot',
    file: engine('requests/request-pipeline'),
    from: 'if (at >= 0) removeAt(this.asked, at);\n    // BEP 6',
    to: 'if (at >= 0) this.late.delete(key);\n    // BEP 6',
  },
  {
    name: 'off by one in the last block',
    file: 'torrents/geometry.ts',
    from: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax)',
    to: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax + 1)',
  },
  {
    name: 'blame everybody who sent a part of a corrupt piece',
    file: engine('pieces/piece-provenance'),
    from: 'return sources.size === 1 ? [...sources] : [];',
    to: 'return [...sources];',
  },
  {
    name: 'double-count availability',
    file: engine('connection/interest'),
    from: '    this.#picker.onHave(pieceIndex);\n    this.#initialSeeding',
    to: '    this.#picker.onHave(pieceIndex);\n    this.#picker.onHave(pieceIndex);\n    this.#initialSeeding',
  },
  {
    name: 'ignore a choke',
    file: engine('swarm/swarm'),
    from: 'if (!session.peerChoking) return;\n    this.scheduler.release(session);',
    to: 'if (!session.peerChoking) return;',
  },
  {
    name: 'accept a block that nobody asked for',
    file: engine('requests/block-receiver'),
    from: 'if (!source.pipeline.expects(this.#scheduler.blockKey(block.pieceIndex, blockIndex))) {',
    to: 'if (Number.isNaN(blockIndex)) {',
  },
  {
    name: 'let a peer send unasked blocks for ever',
    file: engine('requests/request-pipeline'),
    from: 'return this.unaskedCount <= this.#limits.unaskedBlocksMax;',
    to: 'return this.#unasked >= 0;',
  },
  {
    name: 'tell nobody of a new piece',
    file: engine('connection/interest'),
    from: 'session.sendHave(pieceIndex);',
    to: 'session.pieces.has(pieceIndex);',
  },
  {
    name: 'leak the memory budget of a failed piece',
    file: engine('pieces/piece-ledger'),
    from: '    this.#leave(pieceIndex);\n    this.#budget.pieceBytes -= this.geometry.pieceBytes(pieceIndex);',
    to: '    this.#leave(pieceIndex);',
  },
  {
    name: 'leak the buffer of an abandoned piece',
    file: engine('pieces/piece-ledger'),
    from: '      if (piece.buffer !== undefined) this.#memory.release(piece.buffer);\n      piece.buffer = undefined;\n      this.#budget',
    to: '      piece.buffer = undefined;\n      this.#budget',
  },
  {
    name: 'tell trackers that nothing is left',
    file: engine('swarm/swarm'),
    from: 'left: this.ledger.leftBytes };',
    to: 'left: 0 };',
  },
  {
    name: 'believe metadata whose hash is wrong',
    file: engine('swarm/metadata-swarm'),
    from: '    if (isRight) {',
    to: '    if (isRight || checked.bytes.length > 0) {',
  },
  {
    name: 'wait for ever for a peer that sends nothing',
    file: engine('connection/session-watch'),
    from: 'if (pipeline.isSilent(nowMs, limits.stallCloseMs))',
    to: 'if (pipeline.isSilent(nowMs, 1_000 * limits.stallCloseMs))',
  },
  {
    name: 'forget what was asked of a peer that has left',
    file: engine('swarm/swarm'),
    from: 'onLeft(session: PeerSession, nowMs: number): void {\n    this.scheduler.release(session);',
    to: 'onLeft(session: PeerSession, nowMs: number): void {',
  },
  {
    name: 'believe that a peer has a piece that is none',
    file: engine('connection/peer-session'),
    from: "const pieceIndex = this.#geometry.pieceIndex(index);\n    if (pieceIndex === undefined) return 'piece-out-of-range';",
    to: 'const pieceIndex = index as PieceIndex;',
  },
  {
    name: 'go on counting what a peer had that has left',
    file: engine('connection/interest'),
    from: 'session.pieces.each((pieceIndex) => this.#picker.onLost(pieceIndex));',
    to: 'session.pieces.each((pieceIndex) => this.#picker.isCandidate(pieceIndex));',
  },
  {
    name: 'go on asking nothing of peers that have what is lost',
    file: engine('connection/interest'),
    from: 'if (session.pieces.has(pieceIndex)) session.usefulCount += 1;\n      session',
    to: 'session.pieces.has(pieceIndex);\n      session',
  },
];
