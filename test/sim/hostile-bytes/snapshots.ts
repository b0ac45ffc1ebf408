/**
 * A tracker's snapshot of its peers, in a file that may have been changed: it is read as written, refused as
 * a whole, or read as swarms that have peers.
 */
import type { Prng } from '../../../client/engine/prng.ts';
import {
  decodeSwarms,
  encodeSwarm,
  oldestFirst,
  type SavedSwarm,
} from '../../../tracker/registry/snapshot.ts';
import { Registry } from '../../../tracker/registry.ts';
import { drawBytes, oneOf, spoil, toBytes, toText } from './odd-bytes.ts';

type Disbelief = string | undefined;

/** Bytes of a packed address and port, in the order of the kinds: this machine, IPv4, IPv6. */
const recordBytes = [6, 6, 18] as const;
const ages = [0, 1, 60, 0xffff];

export function judgeSnapshot(random: Prng): Disbelief {
  const swarms = Array.from({ length: 1 + random.below(3) }, () => drawSwarm(random));
  const written = Buffer.concat(swarms.map(encodeSwarm));
  const read = decodeSwarms(written);
  if (read === undefined || read.map(textOf).join() !== swarms.map(textOf).join())
    return `writes a snapshot of ${swarms.map(textOf)}, and reads ${read?.map(textOf)}`;
  const spoiled = toBytes(random.below(2) === 0 ? spoil(toText(written), random) : changed(written, random));
  const other = decodeSwarms(spoiled);
  if (other === undefined) return undefined;
  // A registry never lists more peers than its limits allow.
  const registry = new Registry({
    peerTimeoutSeconds: 3_600,
    peersMax: 4,
    torrentsMax: 2,
    peersPerTorrentMax: 3,
  });
  const restored = registry.restore(other, { nowMs: 0, downMs: 0 });
  const { torrents, seeds, leechers } = registry.counts;
  const isSound = restored === seeds + leechers && restored <= 4 && torrents <= 2;
  return isSound && restored <= [...oldestFirst(other)].length
    ? undefined
    : `restores ${restored} peers of a spoiled snapshot, and counts ${seeds} and ${leechers} in ${torrents} swarms`;
}

function drawSwarm(random: Prng): SavedSwarm {
  const kinds = ([0, 1, 2] as const).filter(() => random.below(2) === 0);
  const drawn = kinds.length === 0 ? ([1] as const) : kinds;
  return {
    hash: drawBytes(random, 20),
    downloaded: random.below(1_000),
    pools: drawn.map((kind) => {
      const count = 1 + random.below(3);
      return {
        kind,
        seeds: random.below(count + 1),
        endpoints: drawBytes(random, count * recordBytes[kind]),
        ages: Uint16Array.from({ length: count }, () => oneOf(random, ages)),
      };
    }),
    notes: drawBytes(random, random.below(9)),
  };
}

/** Changes one byte. */
function changed(written: Uint8Array, random: Prng): string {
  const bytes = Uint8Array.from(written);
  bytes[random.below(bytes.length)] = oneOf(random, [0, 1, 2, 255]);
  return toText(bytes);
}

function textOf({ hash, downloaded, pools, notes = new Uint8Array() }: SavedSwarm): string {
  const texts = pools.map(({ kind, seeds, endpoints, ages }) => [kind, seeds, toText(endpoints), [...ages]]);
  return JSON.stringify([toText(hash), downloaded, texts, toText(notes)]);
}
