/** Mutants that only a wider world finds: pads, both families of addresses, shared addresses, several torrents. */
import type { Mutant } from './mutant.ts';

export const wider: readonly Mutant[] = [
  {
    name: 'ask for the pads',
    file: 'client/engine/pieces/fetching-piece.ts',
    from: '    this.#fillPads(this.buffer, Math.ceil(dataBytes / blockBytesMax));\n',
    to: '',
  },
  {
    name: 'take the block that a pad begins in for a pad',
    file: 'client/engine/pieces/fetching-piece.ts',
    from: 'this.#fillPads(this.buffer, Math.ceil(dataBytes / blockBytesMax));',
    to: 'this.#fillPads(this.buffer, Math.floor(dataBytes / blockBytesMax));',
  },
  {
    name: 'count a pad as wasted',
    file: 'client/engine/swarm/piece-results.ts',
    from: 'this.#receiver.waste(piece);',
    to: 'this.#receiver.wastedBytes += this.spec.geometry.pieceBytes(pieceIndex);',
  },
  {
    name: 'tell trackers that pads are left',
    file: 'client/engine/pieces/piece-ledger.ts',
    from: '    return this.totalBytes - this.haveBytes;',
    to: '    return this.geometry.totalBytes - this.haveBytes;',
  },
  {
    name: 'shut out a household as long as the liar in it',
    file: 'client/engine/peers/host-bans.ts',
    from: 'Math.min(banMs, hostBanFirstMs * 2 ** Math.min(20, count - 1))',
    to: 'banMs + 0 * hostBanFirstMs',
  },
  {
    name: 'take all who live at one address for one peer',
    file: 'client/engine/peers/peer-ids.ts',
    from: '    if (!isSameId(other.peerId, peerId)) continue;\n    const isSameHost',
    to: '    const isSameHost',
  },
  {
    name: 'leave IPv6 peers out of an answer',
    file: 'tracker/protocol/announce-reply.ts',
    from: 'return [...unpackEndpoints(reply.peers, 4), ...unpackEndpoints(reply.peers6, 16)];',
    to: 'return unpackEndpoints(reply.peers, 4);',
  },
  {
    name: 'give back the memory of all torrents with one',
    file: 'client/engine/pieces/piece-ledger.ts',
    from: '      piece.buffer = undefined;\n      this.#budget.pieceBytes -= this.geometry.pieceBytes(piece.pieceIndex);',
    to: '      piece.buffer = undefined;\n      this.#budget.pieceBytes = 0;',
  },
  {
    name: 'forget the dials of all torrents with one',
    file: 'client/engine/connections.ts',
    from: '      if (dial.torrent !== torrent) continue;\n',
    to: '',
  },
  {
    name: 'take peers in for a torrent that was stopped',
    file: 'client/engine/tables/swarm-table.ts',
    from: 'if (this.#byInfoHash.get(infoHash) === swarm) this.#byInfoHash.delete(infoHash);',
    to: 'if (this.#byInfoHash.get(infoHash) !== swarm) this.#byInfoHash.delete(infoHash);',
  },
];
