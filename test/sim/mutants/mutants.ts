/**
 * Deliberate bugs, one line or two of the source each: what a tired person could write. The simulator is worth as much
 * as it finds of them.
 *
 * A mutant is an exact replacement; `from` is there exactly once, or the list is out of date and the run says so.
 */

export interface Mutant {
  readonly name: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const engine = (file: string) => `client/engine/${file}.ts`;

export const mutants: readonly Mutant[] = [
  {
    name: 'believe a piece whose hash is wrong',
    file: engine('engine'),
    from: '?.onPieceCorrupt(fact.pieceIndex, fact.digests, nowMs)',
    to: '?.onPieceStored(fact.pieceIndex, fact.digests, nowMs)',
  },
  {
    name: 'forget to cancel the other copy of a block',
    file: engine('duplicate-requests'),
    from: '      this.#requests.cancel(session, key);\n    }\n  }\n\n  /** The piece is given up',
    to: '    }\n  }\n\n  /** The piece is given up',
  },
  {
    name: 'leak a request slot',
    file: engine('request-pipeline'),
    from: 'if (at >= 0) this.asked.splice(at, 1);\n    // BEP 6',
    to: 'if (at >= 0) this.late.delete(key);\n    // BEP 6',
  },
  {
    name: 'off by one in the last block',
    file: 'torrents/geometry.ts',
    from: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax)',
    to: 'this.pieceBytes(pieceIndex) - blockIndex * blockBytesMax + 1)',
  },
  {
    name: 'serve a piece that is not here',
    file: engine('block-server'),
    from: 'session.amChoking || !this.#has(pieceIndex) ||',
    to: 'session.amChoking ||',
  },
  {
    name: 'never unchoke',
    file: engine('choker'),
    from: '    session.setChoking(false);\n',
    to: '',
  },
  {
    name: 'serve whom we choke',
    file: engine('block-server'),
    from: 'if (session.amChoking || !this.#has',
    to: 'if (!this.#has',
  },
  {
    name: 'keep a banned peer',
    file: engine('swarm-peers'),
    from: '      if (session.record === record) this.drop(session, reason, nowMs);',
    to: '      if (session.record === undefined) this.drop(session, reason, nowMs);',
  },
  {
    name: 'forget a ban',
    file: engine('peer-directory'),
    from: '    record.bannedUntilMs = nowMs + this.#limits.banMs;',
    to: '    record.bannedUntilMs = nowMs;',
  },
  {
    name: 'blame everybody who sent a part of a corrupt piece',
    file: engine('piece-provenance'),
    from: 'return sources.size === 1 ? [first!] : [];',
    to: 'return first === undefined ? [] : [...sources].flatMap((source) => source ?? []);',
  },
  {
    name: 'double-count availability',
    file: engine('interest'),
    from: '    this.#picker.onHave(pieceIndex);\n    this.#firstCopies',
    to: '    this.#picker.onHave(pieceIndex);\n    this.#picker.onHave(pieceIndex);\n    this.#firstCopies',
  },
  {
    name: 'ignore a choke',
    file: engine('swarm'),
    from: 'if (!session.peerChoking) return;\n    this.scheduler.release(session);',
    to: 'if (!session.peerChoking) return;',
  },
  {
    name: 'accept a block that nobody asked for',
    file: engine('swarm'),
    from: 'if (!session.pipeline.expects(this.scheduler.blockKey(block.pieceIndex, blockIndex))) {',
    to: 'if (Number.isNaN(blockIndex)) {',
  },
  {
    name: 'let a peer send unasked blocks for ever',
    file: engine('request-pipeline'),
    from: 'return this.#unasked <= this.#limits.unaskedBlocksMax;',
    to: 'return this.#unasked >= 0;',
  },
  {
    name: 'tell nobody of a new piece',
    file: engine('interest'),
    from: 'session.sendHave(pieceIndex);',
    to: 'session.pieces.has(pieceIndex);',
  },
  {
    name: 'leak the memory budget of a failed piece',
    file: engine('piece-ledger'),
    from: '    this.#storing.delete(pieceIndex);\n    this.#budget.pieceBytes -= this.geometry.pieceBytes(pieceIndex);',
    to: '    this.#storing.delete(pieceIndex);',
  },
  {
    name: 'leak the buffer of an abandoned piece',
    file: engine('piece-ledger'),
    from: '      if (piece.buffer !== undefined) this.#memory.release(piece.buffer);\n      piece.buffer = undefined;\n      this.#budget',
    to: '      piece.buffer = undefined;\n      this.#budget',
  },
  {
    name: 'tell trackers that nothing is left',
    file: engine('swarm'),
    from: 'left: this.ledger.leftBytes };',
    to: 'left: 0 };',
  },
  {
    name: 'leak a connection of the budget',
    file: engine('swarm-peers'),
    from: "    this.#context.budget.close(session.address.host);\n    this.report({ type: 'peer-dropped'",
    to: "    this.report({ type: 'peer-dropped'",
  },
  {
    name: 'believe metadata whose hash is wrong',
    file: engine('metadata-swarm'),
    from: '    if (isRight) {',
    to: '    if (isRight || checked.bytes.length > 0) {',
  },
  {
    name: 'wait for ever for a peer that sends nothing',
    file: engine('session-watch'),
    from: 'if (pipeline.isSilent(nowMs, limits.stallCloseMs))',
    to: 'if (pipeline.isSilent(nowMs, 1_000 * limits.stallCloseMs))',
  },
  {
    name: 'forget what was asked of a peer that has left',
    file: engine('swarm'),
    from: 'onLeft(session: PeerSession, nowMs: number): void {\n    this.scheduler.release(session);',
    to: 'onLeft(session: PeerSession, nowMs: number): void {',
  },
  {
    name: 'wait for ever for a handshake',
    file: engine('engine'),
    from: 'if (session.isOpen || nowMs - session.openedMs < this.#context.limits.handshakeTimeoutMs) continue;',
    to: 'if (session.isOpen || nowMs - session.openedMs < 1_000 * this.#context.limits.handshakeTimeoutMs) continue;',
  },
  {
    name: 'take an echo of ourselves for a peer',
    file: engine('swarm-peers'),
    from: 'if (sameBytes(handshake.peerId, this.#context.peerId)) {',
    to: 'if (dialed !== undefined && handshake.peerId.length === 0) {',
  },
  {
    name: 'serve more peers than there are slots',
    file: engine('choker'),
    from: 'if (this.#served.size >= this.#slots) return;',
    to: 'if (this.#served.size > this.#slots) return;',
  },
  {
    name: 'lose count of what is unread',
    file: engine('upload-queue'),
    from: 'this.#unflushedBytes += bytes;',
    to: 'this.#unflushedBytes += bytes & ~15;',
  },
  {
    name: 'believe that a peer has a piece that is none',
    file: engine('peer-session'),
    from: "const pieceIndex = this.#geometry.pieceIndex(index);\n    if (pieceIndex === undefined) return 'piece-out-of-range';",
    to: 'const pieceIndex = index as PieceIndex;',
  },
  {
    name: 'go on counting what a peer had that has left',
    file: engine('interest'),
    from: 'if (session.pieces.has(pieceIndex)) this.#picker.onLost(pieceIndex);',
    to: 'if (session.pieces.offers(pieceIndex)) this.#picker.isCandidate(pieceIndex);',
  },
  {
    name: 'know more addresses than there is room for',
    file: engine('peer-directory'),
    from: 'if (this.#records.size < this.#limits.peersKnownMax) return true;',
    to: 'if (this.#records.size >= 0) return true;',
  },
  {
    name: 'let a peer talk without end',
    file: engine('message-allowance'),
    from: 'seconds * messagesPerSecond);\n    return this.#words >= 0;',
    to: 'seconds * messagesPerSecond);\n    return true;',
  },
  {
    name: 'forget to refuse what cannot be read',
    file: engine('block-server'),
    from: '      this.#unreadable.add(block.pieceIndex);\n      session.sendReject(block);\n',
    to: '      this.#unreadable.add(block.pieceIndex);\n',
  },
  {
    name: 'ignore that pieces are lost',
    file: engine('engine'),
    from: '?.troubles.onLost(fact.pieces, fact.trouble, nowMs);',
    to: '?.server.readCount as never;',
  },
  {
    name: 'leave what is lost out of what is left',
    file: engine('piece-ledger'),
    from: '    this.haveBytes -= this.dataBytes(pieceIndex);\n',
    to: '',
  },
  {
    name: 'fetch nothing of what is lost',
    file: engine('disk-troubles'),
    from: '      picker.restore(pieceIndex);\n',
    to: '',
  },
  {
    name: 'go on asking nothing of peers that have what is lost',
    file: engine('interest'),
    from: 'if (session.pieces.has(pieceIndex)) session.usefulCount += 1;\n      session',
    to: 'session.pieces.has(pieceIndex);\n      session',
  },
  {
    name: 'keep peers that believe we have what is lost',
    file: engine('lost-pieces'),
    from: 'if (loss > toldAt && !session.pieces.has(pieceIndex)) return true;',
    to: 'if (loss > toldAt && session.gone) return true;',
  },
  {
    name: 'tell once more that a download is complete',
    file: engine('announce-schedule'),
    from: 'isDownload && isListed && !tracker.hasHeardCompleted;',
    to: 'isListed;',
  },
  {
    name: 'announce a torrent whose files are gone',
    file: engine('announce-schedule'),
    from: 'if (this.#stopped || this.#suspended || this.#inFlight !== undefined || nowMs < this.#dueMs)',
    to: 'if (this.#stopped || this.#inFlight !== undefined || nowMs < this.#dueMs)',
  },
  {
    name: 'tell no tracker that the files are gone',
    file: engine('swarm-peers'),
    from: "this.#part(this.#announces.suspend(), 'torrent-offline', nowMs);",
    to: "this.#part([], 'torrent-offline', nowMs);",
  },
  {
    name: 'take peers in while the files are gone',
    file: engine('swarm-peers'),
    from: "    if (this.isOffline) return 'torrent-offline';\n",
    to: '',
  },
  {
    name: 'stay away when the files are back',
    file: engine('engine'),
    from: '?.troubles.comeOnline(nowMs);',
    to: '?.server.readCount as never;',
  },
  {
    name: 'believe a changed file at the next start (the model of the resume record)',
    file: 'test/sim/world/platter.ts',
    from: 'this.isRecorded(pieceIndex) && isSameStamp(this.files.stamp(file), this.recordStamps[file]!);',
    to: 'this.isRecorded(pieceIndex) && file >= 0;',
  },
  {
    name: 'record the stamps that others have made (the model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: 'recordStamps = this.#parts.stamps();',
    to: 'recordStamps = this.#parts.platter.files.stamps;',
  },
  {
    name: 'notice nothing by itself (the model of the disk)',
    file: 'test/sim/world/disk.ts',
    from: '        watch.lookAtAll();\n',
    to: '',
  },
  {
    name: 'complete without a look at what was stored before (the model of the disk)',
    file: 'test/sim/world/content-watch.ts',
    from: '    if (isLast) return this.lookAtAll();\n',
    to: '    if (isLast) return;\n',
  },
  {
    name: 'record without fsync (the model of the journal)',
    file: 'test/sim/world/journal.ts',
    from: '    platter.sync(dirty);\n',
    to: '',
  },
  {
    name: 'send a short read as a whole block (the model of the disk)',
    file: 'test/sim/world/disk.ts',
    from: "'ESHORT' : undefined);\n    if (code !== undefined) {",
    to: `'ESHORT' : undefined);
    if (code === 'ESHORT') {
      const { platter } = this.#torrents.get(torrent)!;
      const half = { ...block, bytes: (block.bytes >> 1) + 1 };
      const bytes = bytesOf(platter.content, platter.flavours, half, 0);
      return sink({ type: 'block-read', torrent, read, bytes });
    }
    if (code !== undefined) {`,
  },
];
