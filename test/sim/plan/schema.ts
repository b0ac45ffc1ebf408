/**
 * A swarm as data: everything that happens in one run, in plain JSON. A plan and the code of this commit are the run:
 * whatever is drawn, is drawn from `seed`.
 *
 * Times are virtual ms from the start of the run. Peers and trackers are called by name; a group of several is called
 * by its own name, or each by `name-0`, `name-1` … What does not fit the shapes or names nobody is refused by
 * validate.ts; what is left out has the default of cast.ts.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import { links } from '../world/link.ts';
import { families } from '../world/place.ts';

/** A leap year: longer runs prove nothing new, and every sum of times stays an exact integer. */
const timeMaxMs = 366 * 86_400_000;
/** The largest swarm one process has memory for. */
export const peersMax = 5_000;

const closed = { additionalProperties: false } as const;
const integer = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const oneOf = <Text extends string>(texts: readonly Text[]) => Type.Enum([...texts]);
const atMs = integer(0, timeMaxMs);
const forMs = integer(1, timeMaxMs);
const ppm = integer(0, 1_000_000);
const perMille = integer(0, 1_000);
const name = Type.String({
  pattern: '^[a-z][a-z0-9-]{0,39}$',
  description: 'a name: a small letter, then small letters, digits and hyphens, 40 characters at most',
});
const names = Type.Array(name, { minItems: 1, maxItems: peersMax });

/** `pad`: zeros that bring the next file to the start of a piece; no disk holds them.  BEP 47 */
const fileSchema = Type.Object(
  { bytes: integer(0, Number.MAX_SAFE_INTEGER), pad: Type.Optional(Type.Boolean()) },
  closed,
);

const torrentSchema = Type.Object(
  {
    pieces: integer(1, 262_144),
    pieceBytes: integer(1, 16 * 1024 * 1024),
    lastPieceBytes: Type.Optional(integer(1, 16 * 1024 * 1024)),
    /** In their order, together all bytes of the pieces. One file when it says nothing. */
    files: Type.Optional(Type.Array(fileSchema, { minItems: 1, maxItems: 10_000 })),
  },
  closed,
);

/** Another torrent than the first, in which some have a part. */
const sideSchema = Type.Object({ name, ...torrentSchema.properties }, closed);

/** All pieces, none, these, all but these, or each with this chance. */
const hasSchema = Type.Union([
  oneOf(['all', 'none']),
  Type.Array(integer(0, 262_143), { maxItems: 262_144 }),
  Type.Object({ lacks: Type.Array(integer(0, 262_143), { maxItems: 262_144 }) }, closed),
  Type.Object({ perMille }, closed),
]);

/** A part in another torrent; the user may stop it, and add it again. */
const partSchema = Type.Object(
  { torrent: name, has: Type.Optional(hasSchema), stopMs: Type.Optional(atMs), againMs: Type.Optional(atMs) },
  closed,
);

/** `home` is what those get who say nothing. */
const linkNames = ['home', ...(Object.keys(links) as (keyof typeof links)[])] as const;

/** As in test/sim/world/link.ts, with rates in bytes a second. */
const linkSchema = Type.Object(
  {
    latencyMs: Type.Optional(integer(0, 60_000)),
    jitterMs: Type.Optional(integer(0, 60_000)),
    upBps: Type.Optional(integer(1_000, 10_000_000_000)),
    downBps: Type.Optional(integer(1_000, 10_000_000_000)),
    windowBytes: Type.Optional(integer(1_024, 1024 * 1024 * 1024)),
    socketBytes: Type.Optional(integer(0, 1024 * 1024 * 1024)),
    lossPpm: Type.Optional(ppm),
    resetPpm: Type.Optional(ppm),
  },
  closed,
);

/** Who plays by the rules, and everybody of test/sim/actors. */
export const roles = [
  'honest',
  'poisoner',
  'liar',
  'slow-loris',
  'flooder',
  'metadata-liar',
  'false-bitfield',
  'self-connector',
  'churner',
  'free-rider',
  'old-client',
  'mumbler',
  'silent',
  'half-open',
] as const;

const registryKeys = [
  'intervalSeconds',
  'minIntervalSeconds',
  'gatheringSeconds',
  'gatheringIntervalSeconds',
  'peerTimeoutSeconds',
  'torrentsMax',
  'peersMax',
  'peersPerTorrentMax',
  'peersPerAddressMax',
  'peersPerAddressAndTorrentMax',
] as const;

const limitsSchema = Type.Unsafe<Partial<Limits>>(
  Type.Object(
    Object.fromEntries(
      Object.keys(defaultLimits).map((key) => [key, Type.Optional(integer(0, Number.MAX_SAFE_INTEGER))]),
    ),
    closed,
  ),
);

const peerSchema = Type.Object(
  {
    name,
    count: Type.Optional(integer(1, peersMax)),
    role: Type.Optional(oneOf(roles)),
    has: Type.Optional(hasSchema),
    /** Its parts in the other torrents. */
    parts: Type.Optional(Type.Array(partSchema, { maxItems: 16 })),
    /** It knows only the hash at first. */
    magnet: Type.Optional(Type.Boolean()),
    link: Type.Optional(Type.Union([oneOf(linkNames), linkSchema])),
    /** How dials to it end: taken, refused, or never answered, as behind most home routers. */
    reachability: Type.Optional(oneOf(['open', 'refuses', 'silent'])),
    /** Its addresses; IPv4 alone when it says nothing. */
    family: Type.Optional(oneOf(families)),
    /** It shares its IPv4 address, and its /64 of IPv6, with all others of this house. */
    house: Type.Optional(name),
    /** Trackers it asks, in this order; all of them when it says nothing. */
    trackers: Type.Optional(Type.Array(name, { maxItems: 16 })),
    /** Peers it was told of by hand. */
    knows: Type.Optional(names),
    joinMs: Type.Optional(atMs),
    /** When its user stops it. */
    leaveMs: Type.Optional(atMs),
    uploadBpsMax: Type.Optional(integer(0, 10_000_000_000)),
    downloadBpsMax: Type.Optional(integer(0, 10_000_000_000)),
    limits: Type.Optional(limitsSchema),
    /** What it has lost of a complete torrent is fetched again; otherwise it goes offline. */
    mends: Type.Optional(Type.Boolean()),
  },
  closed,
);

const trackerSchema = Type.Object(
  {
    name,
    /** It knows so many peers that are none. */
    deadAddresses: Type.Optional(integer(0, 100_000)),
    intervalSeconds: Type.Optional(integer(10, 3_600)),
    /** At most 10 s when it says nothing. */
    minIntervalSeconds: Type.Optional(integer(1, 3_600)),
    /** When it refuses, it says how many minutes to stay away.  BEP 31 */
    retryMinutes: Type.Optional(integer(1, 60)),
    /** Addresses at which it can be asked; of both families when it says nothing. */
    family: Type.Optional(oneOf(families)),
  },
  closed,
);

const houseSchema = Type.Object(
  {
    name,
    /** Its router leads those behind it to each other by its own address; most do not. */
    hairpin: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Strangers at a tracker of their own, judged by its model and apart from the swarm (test/sim/tracker/strangers.ts). */
const strangersSchema = Type.Object(
  {
    /** What they do, one thing after the other. */
    steps: integer(1, 100_000),
    torrents: integer(1, 100),
    /** Only some torrents are served, and the counters of these are kept. */
    isPicky: Type.Optional(Type.Boolean()),
    /** So many peers come at once before all that. */
    crowd: Type.Optional(integer(1, 1_000)),
    /** It has been up for so long. */
    sinceSeconds: Type.Optional(integer(0, 1_000_000)),
    /** As in tracker/registry/limits.ts. */
    registry: Type.Optional(
      Type.Object(
        Object.fromEntries(registryKeys.map((key) => [key, Type.Optional(integer(1, 2 ** 31))])),
        closed,
      ),
    ),
  },
  closed,
);

/** Members of a tracker with a catalogue, apart from the swarm: who is let in where (test/sim/tracker/members.ts). */
const membersSchema = Type.Object(
  {
    steps: integer(1, 100_000),
    signInRequired: Type.Boolean(),
    /** Peers that are known by account; without it, all. */
    presentMax: Type.Optional(integer(1, 100_000)),
  },
  closed,
);

/** Bytes of strangers, given to what reads them, apart from the swarm (test/sim/hostile-bytes/play.ts). */
const hostileBytesSchema = Type.Object({ steps: integer(1, 100_000) }, closed);

/** Streams between two peers, read and written apart from the swarm (test/sim/wire-talk/play.ts). */
const wireTalkSchema = Type.Object({ steps: integer(1, 100_000) }, closed);

export const diskKinds = [
  'full',
  'read-error',
  'write-error',
  'sync-error',
  'wrong-bytes',
  'short-read',
  'slow',
] as const;
/** What others than Cicada do to the files of a host. */
export const contentKinds = ['moved', 'deleted', 'changed', 'rotten'] as const;
export const trackerKinds = ['down', 'slow', 'lying', 'refusing'] as const;

function fault<Kind extends string, Rest extends Record<string, TSchema>>(type: Kind, rest: Rest) {
  return Type.Object({ type: Type.Literal(type), atMs, ...rest }, closed);
}

/** By `type`. `atMs`: when it begins; `forMs`: how long it lasts, and then it heals. */
export const faultSchemas = {
  /** The program is gone from one moment to the next, and back with what its disk had synced. */
  crash: fault('crash', { peers: names, forMs, powerCut: Type.Optional(Type.Boolean()) }),
  /** The user ends the program, which says goodbye, and starts it again. */
  restart: fault('restart', { peers: names, forMs }),
  /**
   * Others move the folder (for good when `forMs` is missing), delete a file, change a block so that the file's stamp
   * shows it, or so that it does not. `place`: which file or block, by its remainder.
   */
  content: fault('content', {
    peers: names,
    forMs: Type.Optional(forMs),
    kind: oneOf(contentKinds),
    place: Type.Optional(integer(0, 1_000_000)),
  }),
  /** The program stands still, its connections stay. */
  freeze: fault('freeze', { peers: names, forMs }),
  /** Nothing passes its line; what was sent arrives late. */
  clog: fault('clog', { peers: names, forMs }),
  /** All its connections break at once. */
  reset: fault('reset', { peers: names }),
  /** Runs of bytes are lost and sent again, or take their connection with them. */
  loss: fault('loss', { peers: names, forMs, lossPpm: ppm, resetPpm: ppm }),
  /** Nothing passes from some to others; nor the other way unless it is one-way. */
  partition: fault('partition', {
    from: names,
    to: names,
    forMs,
    oneWay: Type.Optional(Type.Boolean()),
  }),
  /** `ppm`: how often, of a million calls; every time when it says nothing. */
  disk: fault('disk', { peers: names, forMs, kind: oneOf(diskKinds), ppm: Type.Optional(ppm) }),
  /**
   * Its user chooses: so many pieces are wanted, in priorities that are drawn, in the order of the torrent if it says so, and
   * so many with a deadline, one every `deadlineMs` from now on. Everything is wanted again when it is over, or healed.
   * `asksTrackers`: peers are wanted now.
   */
  choice: fault('choice', {
    peers: names,
    forMs: Type.Optional(forMs),
    wantedPerMille: perMille,
    sequential: Type.Optional(Type.Boolean()),
    deadlines: Type.Optional(integer(1, 1_000)),
    deadlineMs: Type.Optional(integer(1, 60_000)),
    asksTrackers: Type.Optional(Type.Boolean()),
  }),
  /** Its clock is so much further from one moment to the next: a laptop that was asleep. */
  'clock-jump': fault('clock-jump', { peers: names, byMs: forMs }),
  tracker: fault('tracker', { tracker: name, forMs, kind: oneOf(trackerKinds) }),
  /** It has forgotten its peers, unless it has a snapshot of them. `silent`: clients do not hear of it by alive streams. */
  'tracker-restart': fault('tracker-restart', {
    tracker: name,
    snapshot: Type.Optional(Type.Boolean()),
    silent: Type.Optional(Type.Boolean()),
  }),
} as const satisfies Record<string, TSchema>;

export const faultTypes = Object.keys(faultSchemas) as (keyof typeof faultSchemas)[];

/** Without its faults, which are judged one by one by their type. */
export const planSchema = Type.Object(
  {
    /** A word or two, and what the plan is about, for people. */
    name: Type.Optional(name),
    story: Type.Optional(Type.String({ maxLength: 2_000 })),
    seed: integer(0, 0xffff_ffff),
    torrent: torrentSchema,
    /** Others beside it. What the plan says of faults to files is of the first. */
    torrents: Type.Optional(Type.Array(sideSchema, { maxItems: 16 })),
    /** Streams are cut anew at random bytes, or each send arrives as it was sent, which costs less. */
    streams: Type.Optional(oneOf(['recut', 'whole'])),
    limits: Type.Optional(limitsSchema),
    trackers: Type.Optional(Type.Array(trackerSchema, { maxItems: 16 })),
    strangers: Type.Optional(strangersSchema),
    members: Type.Optional(membersSchema),
    hostileBytes: Type.Optional(hostileBytesSchema),
    wireTalk: Type.Optional(wireTalkSchema),
    /** At most as many as there are numbers for. */
    houses: Type.Optional(Type.Array(houseSchema, { maxItems: 1_000 })),
    peers: Type.Array(peerSchema, { minItems: 1, maxItems: peersMax }),
    faults: Type.Optional(
      Type.Array(Type.Unsafe<Fault>(Type.Object({ type: oneOf(faultTypes) })), { maxItems: 10_000 }),
    ),
    /** When everything heals; from the start when it says nothing and there are no faults. */
    healMs: Type.Optional(atMs),
    /** How long nothing may come forward after that before the swarm counts as stuck. */
    stuckMs: Type.Optional(forMs),
    /** When the run ends although somebody still makes progress. */
    untilMs: Type.Optional(forMs),
  },
  closed,
);

export type SwarmPlan = Static<typeof planSchema>;
export type TorrentPlan = Static<typeof torrentSchema>;
export type PeerPlan = Static<typeof peerSchema>;
export type PartPlan = Static<typeof partSchema>;
export type HousePlan = Static<typeof houseSchema>;
export type TrackerPlan = Static<typeof trackerSchema>;
export type Role = (typeof roles)[number];
export type FaultType = keyof typeof faultSchemas;
export type Fault = { [Kind in FaultType]: Static<(typeof faultSchemas)[Kind]> }[FaultType];
