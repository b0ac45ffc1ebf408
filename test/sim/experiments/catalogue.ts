/**
 * The ten experiments. Each size runs in about a minute. The first is the baseline of the others. Every peer
 * is there from the start unless the experiment says otherwise.
 */
import { Randomness } from '../kernel/randomness.ts';
import type { Fault, PeerPlan, SwarmPlan } from '../plan/schema.ts';
import type { Experiment, ExperimentSize } from './experiment.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const mbps = 125_000;
const dayMs = 24 * 60 * 60_000;

/** 20 Mbit/s down, 5 Mbit/s up, 20 ms. */
const usual = { latencyMs: 20, upBps: 5 * mbps, downBps: 20 * mbps } as const;
const large = { pieces: 256, pieceBytes: MiB } as const;
const small = { pieces: 128, pieceBytes: 256 * KiB } as const;
const seed: PeerPlan = { name: 'seed', has: 'all', link: usual };
const trackers = [{ name: 'tracker', intervalSeconds: 1_800 }];

export const experiments: readonly Experiment[] = [
  {
    name: 'flash-crowd',
    story: 'Everybody comes at once, and one seed has it.',
    peers: 100,
    plan: (size) => swarm(size, large, [seed, { name: 'peer', count: size.peers, link: usual }]),
  },
  {
    name: 'seed-leaves',
    story: 'The only seed leaves as soon as every piece has left it once.',
    peers: 40,
    plan: (size) => swarm(size, small, [seed, { name: 'peer', count: size.peers, link: usual }]),
    look(watch) {
      if (watch.firstCopy !== undefined) watch.swarm.leave('seed');
    },
  },
  {
    name: 'rare-pieces',
    story: 'Many have nearly all of it; the last sixteenth lies with one whose line is slow.',
    peers: 40,
    plan(size) {
      const rare = range(0, small.pieces / 16);
      const common = range(small.pieces / 16, small.pieces);
      const rich = Math.max(1, Math.floor(size.peers / 4));
      return swarm(size, small, [
        { name: 'keeper', has: rare, link: { ...usual, upBps: mbps } },
        { name: 'rich', count: rich, has: common, link: usual },
        { name: 'peer', count: Math.max(1, size.peers - rich - 1), link: usual },
      ]);
    },
  },
  {
    name: 'free-riders',
    story: 'Three of ten take and give nothing.',
    peers: 100,
    plan: (size) => withStrangers(size, 'free-rider', 0.3),
  },
  {
    name: 'home-links',
    story: 'ADSL, cable, mobile and fibre, as people have them at home; the seed has cable.',
    peers: 60,
    plan(size) {
      const share = (part: number) => Math.max(1, Math.round(part * size.peers));
      return swarm(size, large, [
        { ...seed, link: 'cable' },
        { name: 'adsl', count: share(0.35), link: 'adsl' },
        { name: 'cable', count: share(0.3), link: 'cable' },
        { name: 'mobile', count: share(0.15), link: 'mobile' },
        { name: 'fibre', count: share(0.2), link: 'fibre' },
      ]);
    },
  },
  {
    name: 'poisoned',
    story: 'Two of ten say that they have everything, and send wrong bytes.',
    peers: 100,
    plan: (size) => withStrangers(size, 'poisoner', 0.2),
  },
  {
    name: 'tracker-gone',
    story:
      'After a minute the tracker is gone for a day; some restart meanwhile, and some come to find nobody.',
    peers: 20,
    plan(size) {
      const late = Math.max(1, Math.floor(size.peers / 4));
      const early = Math.max(2, size.peers - late);
      const faults: Fault[] = [
        { type: 'tracker', tracker: 'tracker', kind: 'down', atMs: 60_000, forMs: dayMs },
        { type: 'crash', peers: ['peer-0', 'peer-1'], atMs: 90_000, forMs: 30_000 },
      ];
      const peers: PeerPlan[] = [
        { ...seed, link: { ...usual, upBps: mbps } },
        { name: 'peer', count: early, link: usual },
        { name: 'late', count: late, link: usual, joinMs: 120_000 },
      ];
      return { ...swarm(size, small, peers), faults };
    },
    latecomersNotBeforeSeconds: (60_000 + dayMs) / 1000,
    stuckSeconds: (1.2 * dayMs) / 1000,
  },
  {
    name: 'churn',
    story: 'People come one after the other; a third leave before they are done, the others soon after.',
    peers: 60,
    plan(size) {
      const random = new Randomness(size.seed).of('arrivals');
      const peers: PeerPlan[] = range(0, size.peers).map((i) => {
        const joinMs = random.below(300_000);
        const plan = { name: `peer-${i}`, link: usual, joinMs };
        return i % 3 === 2 ? { ...plan, leaveMs: joinMs + 20_000 + random.below(60_000) } : plan;
      });
      return swarm(size, small, [seed, ...peers]);
    },
    look(watch) {
      for (const [name, atSeconds] of watch.completeSeconds)
        if (watch.seconds - atSeconds >= 30) watch.leave(name);
    },
  },
  {
    name: 'lan-party',
    story: 'Gigabit to everybody in one house.',
    peers: 30,
    plan: (size) =>
      swarm(size, { pieces: 512, pieceBytes: MiB }, [
        { ...seed, link: 'lan' },
        { name: 'peer', count: size.peers, link: 'lan' },
      ]),
  },
  {
    name: 'slow-super-peer',
    story:
      'One who has everything and talks to everybody, over a line of half a megabit; and a seed with a usual one.',
    peers: 40,
    plan: (size) =>
      swarm(size, small, [
        seed,
        {
          name: 'super',
          has: 'all',
          link: { latencyMs: 200, upBps: mbps / 2, downBps: mbps },
          limits: { connectionsPerTorrentMax: 200, uploadSlotsMin: 64, uploadSlotsMax: 64 },
        },
        { name: 'peer', count: Math.max(1, size.peers - 1), link: usual },
      ]),
  },
];

function swarm({ seed }: ExperimentSize, torrent: SwarmPlan['torrent'], peers: PeerPlan[]): SwarmPlan {
  return { seed, torrent, trackers, peers };
}

/** A flash crowd in which some of the peers have another role. */
function withStrangers(size: ExperimentSize, role: 'free-rider' | 'poisoner', part: number): SwarmPlan {
  const strangers = Math.max(1, Math.round(size.peers * part));
  return swarm(size, large, [
    seed,
    { name: 'peer', count: Math.max(1, size.peers - strangers), link: usual },
    { name: 'stranger', count: strangers, role, link: usual },
  ]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
