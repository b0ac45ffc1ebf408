/**
 * Torrents of more than 2^31 and 2^32 bytes: one drawn swarm in twelve is about one. Almost everybody has almost everything
 * at first, so that little goes over the wire and the seed costs no more than others.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PeerPlan, SwarmPlan, TorrentPlan } from './schema.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** Beyond each power of two at which numbers of 32 bits, with and without a sign, are over. */
const sizes = [2 * GiB, 3 * GiB, 4 * GiB, 5 * GiB];
/** 16 MiB is the largest that is common. */
const pieceSizes = [4 * MiB, 8 * MiB, 16 * MiB];
/** Of the last piece, which is fetched: as much as a drawn torrent has as a rule. */
const lastBytesMax = 256 * 1024;
/** Of those who lack everything and would fetch all of it: three blocks a second. */
const slowLink = { upBps: 50_000, downBps: 50_000 };
/** When those who came with nothing leave: what they could get until then is a small part. */
const stayMsMax = 20_000;

export function drawGiant(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(12) > 0) return plan;
  const torrent = drawTorrent(random);
  return {
    ...plan,
    torrent,
    peers: [
      ...plan.peers.map((peer) => withMost(random, peer, torrent)),
      // It tells trackers that gigabytes are left.
      {
        ...{ name: 'visitor', joinMs: random.below(5_000), leaveMs: 5_000 + random.below(stayMsMax) },
        link: slowLink,
      },
    ],
    // What others harm would be fetched again, a whole file of it.
    faults: (plan.faults ?? []).filter(({ type }) => type !== 'content'),
  };
}

function drawTorrent(random: Prng): TorrentPlan {
  const pieceBytes = pieceSizes[random.below(pieceSizes.length)]!;
  const pieces = sizes[random.below(sizes.length)]! / pieceBytes + 1 + random.below(8);
  return { pieces, pieceBytes, lastPieceBytes: 1 + random.below(lastBytesMax) };
}

/** The last piece is what others lack; the seeds have it. */
function withMost(random: Prng, peer: PeerPlan, { pieces }: TorrentPlan): PeerPlan {
  if ((peer.role ?? 'honest') !== 'honest') return { ...peer, link: slowLink };
  if (peer.has === 'all') return peer;
  const { magnet, ...rest } = peer;
  return { ...rest, has: random.below(4) === 0 ? 'all' : { lacks: [pieces - 1] } };
}
