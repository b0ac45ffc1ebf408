/**
 * Draws one or two other torrents, in one swarm of four, which some of the peers share. Some of these peers
 * stop one in the middle, and most of them add it again.
 */
import { defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { drawFiles } from './files.ts';
import type { PartPlan, PeerPlan, SwarmPlan } from './schema.ts';

const KiB = 1024;
const pieceSizes = [16 * KiB, 32 * KiB, 64 * KiB, 20_000, 5_000];
/** Most drawn swarms are busy for this long. */
const stopMsMax = 20_000;

interface Sides {
  readonly peers: PeerPlan[];
  readonly torrents: NonNullable<SwarmPlan['torrents']>;
  readonly limits: Partial<Limits>;
}

export function drawSides(random: Prng, peers: readonly PeerPlan[]): Sides {
  if (random.below(4) > 0) return { peers: [...peers], torrents: [], limits: {} };
  const torrents = Array.from({ length: 1 + random.below(2) }, (_, i) => {
    const pieceBytes = pieceSizes[random.below(pieceSizes.length)]!;
    const pieces = 1 + random.below(Math.min(12, Math.ceil((128 * KiB) / pieceBytes)));
    const torrent = { pieces, pieceBytes, lastPieceBytes: 1 + random.below(pieceBytes) };
    return { name: `other-${i}`, ...drawFiles(random, torrent) };
  });
  const honest = peers.filter(({ role = 'honest' }) => role === 'honest');
  const stay = honest.filter(({ leaveMs }) => leaveMs === undefined);
  const parts = new Map(honest.map(({ name }) => [name, [] as PartPlan[]]));
  for (const { name: torrent } of torrents) {
    const source = stay[random.below(stay.length)]?.name;
    for (const { name } of honest) {
      const isSource = name === source;
      if (!isSource && random.below(2) === 0) continue;
      const has = isSource ? 'all' : random.below(4) === 0 ? { perMille: random.below(1_000) } : 'none';
      parts.get(name)!.push({ torrent, has, ...drawPause(random) });
    }
  }
  return {
    peers: peers.map((peer) => {
      const own = parts.get(peer.name) ?? [];
      return own.length === 0 ? peer : { ...peer, parts: own };
    }),
    torrents,
    // One connection for each torrent, so that no torrent takes the connection of another.
    limits: { connectionsPerHostMax: (1 + torrents.length) * defaultLimits.connectionsPerHostMax },
  };
}

function drawPause(random: Prng): Pick<PartPlan, 'stopMs' | 'againMs'> {
  if (random.below(4) > 0) return {};
  const stopMs = random.below(stopMsMax);
  return random.below(4) === 0 ? { stopMs } : { stopMs, againMs: stopMs + 1 + random.below(10_000) };
}
