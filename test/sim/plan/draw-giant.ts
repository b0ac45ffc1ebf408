/**
 * Draws torrents of more than 2^31 and 2^32 bytes, in one swarm of twelve. Almost every peer has almost every
 * piece at first, so that little data is sent and a seed costs no more than others.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import type { PeerPlan, SwarmPlan, TorrentPlan } from './schema.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** Sizes beyond the limits of 32-bit integers, signed and unsigned. */
const sizes = [2 * GiB, 3 * GiB, 4 * GiB, 5 * GiB];
/** 16 MiB is the largest common piece size. */
const pieceSizes = [4 * MiB, 8 * MiB, 16 * MiB];
/** The last piece is the only one transferred: it is as large as a usual drawn torrent. */
const lastBytesMax = 256 * 1024;
/** For peers that would download everything: three blocks a second. */
const slowLink = { upBps: 50_000, downBps: 50_000 };
/** Peers that joined without data leave by this time, after a small part of the torrent. */
const stayMsMax = 20_000;

export function drawGiant(random: Prng, plan: SwarmPlan): SwarmPlan {
  if (random.below(12) > 0) return plan;
  const torrent = drawTorrent(random);
  return {
    ...plan,
    torrent,
    peers: [
      ...plan.peers.map((peer) => withMost(random, peer, torrent)),
      // This peer announces gigabytes as left.
      {
        ...{ name: 'visitor', joinMs: random.below(5_000), leaveMs: 5_000 + random.below(stayMsMax) },
        link: slowLink,
      },
    ],
    // A content fault would make a peer download a whole file again.
    faults: (plan.faults ?? []).filter(({ type }) => type !== 'content'),
  };
}

function drawTorrent(random: Prng): TorrentPlan {
  const pieceBytes = pieceSizes[random.below(pieceSizes.length)]!;
  const pieces = sizes[random.below(sizes.length)]! / pieceBytes + 1 + random.below(8);
  return { pieces, pieceBytes, lastPieceBytes: 1 + random.below(lastBytesMax) };
}

/** Other peers lack the last piece; the seeds have it. */
function withMost(random: Prng, peer: PeerPlan, { pieces }: TorrentPlan): PeerPlan {
  if ((peer.role ?? 'honest') !== 'honest') return { ...peer, link: slowLink };
  if (peer.has === 'all') return peer;
  const { magnet, ...rest } = peer;
  return { ...rest, has: random.below(4) === 0 ? 'all' : { lacks: [pieces - 1] } };
}
