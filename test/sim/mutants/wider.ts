/**
 * Deliberate bugs that need more than a plain swarm: pads, both address families, shared addresses, several
 * torrents.
 */
import type { Mutant } from './mutant.ts';

export const wider: readonly Mutant[] = [
  {
    name: 'pads are requested',
    file: 'client/engine/pieces/fetching-piece.ts',
    from: '    this.#fillPads(this.buffer, Math.ceil(dataBytes / blockBytesMax));\n',
    to: '',
  },
  {
    name: 'a block that is partly pad counts as pad',
    file: 'client/engine/pieces/fetching-piece.ts',
    from: 'this.#fillPads(this.buffer, Math.ceil(dataBytes / blockBytesMax));',
    to: 'this.#fillPads(this.buffer, Math.floor(dataBytes / blockBytesMax));',
  },
  {
    name: 'pads count as wasted',
    file: 'client/engine/swarm/piece-results.ts',
    from: 'this.#receiver.waste(piece);',
    to: 'this.#receiver.wastedBytes += this.spec.geometry.pieceBytes(pieceIndex);',
  },
  {
    name: 'pads count as left',
    file: 'client/engine/pieces/piece-ledger.ts',
    from: '    return this.totalBytes - this.haveBytes;',
    to: '    return this.geometry.totalBytes - this.haveBytes;',
  },
  {
    name: 'a household is banned as long as its liar',
    file: 'client/engine/peers/host-bans.ts',
    from: 'Math.min(banMs, hostBanFirstMs * 2 ** Math.min(20, count - 1))',
    to: 'banMs + 0 * hostBanFirstMs',
  },
  {
    name: 'all peers at one address count as one',
    file: 'client/engine/peers/peer-ids.ts',
    from: '    if (!isSameId(other.peerId, peerId)) continue;\n    const isSameHost',
    to: '    const isSameHost',
  },
  {
    name: 'IPv6 peers of a reply are ignored',
    file: 'tracker/protocol/announce-reply.ts',
    from: 'return [...unpackEndpoints(reply.peers, 4), ...unpackEndpoints(reply.peers6, 16)];',
    to: 'return unpackEndpoints(reply.peers, 4);',
  },
  {
    name: 'releasing a piece releases all piece memory',
    file: 'client/engine/pieces/piece-ledger.ts',
    from: '      piece.buffer = undefined;\n      this.#budget.pieceBytes -= this.geometry.pieceBytes(piece.pieceIndex);',
    to: '      piece.buffer = undefined;\n      this.#budget.pieceBytes = 0;',
  },
  {
    name: 'stopping a torrent forgets all dials',
    file: 'client/engine/connections.ts',
    from: '      if (dial.torrent !== torrent) continue;\n',
    to: '',
  },
  {
    name: 'a stopped torrent accepts peers',
    file: 'client/engine/tables/swarm-table.ts',
    from: 'if (this.#byInfoHash.get(infoHash) === swarm) this.#byInfoHash.delete(infoHash);',
    to: 'if (this.#byInfoHash.get(infoHash) !== swarm) this.#byInfoHash.delete(infoHash);',
  },
];
