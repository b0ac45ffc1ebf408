/**
 * A swarm as data, in plain JSON. A plan and the code of one commit determine a run completely: everything
 * random is drawn from `seed`.
 *
 * Times are virtual ms from the start of the run. Peers and trackers are referred to by name: a group by its
 * own name, a member by `name-0`, `name-1` … validate.ts refuses wrong shapes and unknown names. Missing
 * values get the defaults of cast.ts.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import { links } from '../world/link.ts';
import { families } from '../world/place.ts';

/** A leap year: longer runs prove nothing new, and every sum of times stays an exact integer. */
const timeMaxMs = 366 * 86_400_000;
/** The largest swarm that fits into the memory of one process. */
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

/** `pad`: a pad file of zeros that aligns the next file to a piece; not stored (BEP 47). */
const fileSchema = Type.Object(
  { bytes: integer(0, Number.MAX_SAFE_INTEGER), pad: Type.Optional(Type.Boolean()) },
  closed,
);

const torrentSchema = Type.Object(
  {
    pieces: integer(1, 262_144),
    pieceBytes: integer(1, 16 * 1024 * 1024),
    lastPieceBytes: Type.Optional(integer(1, 16 * 1024 * 1024)),
    /** In order; together they are all bytes of the pieces. Default: one file. */
    files: Type.Optional(Type.Array(fileSchema, { minItems: 1, maxItems: 10_000 })),
  },
  closed,
);

/** A torrent besides the first, which some peers share. */
const sideSchema = Type.Object({ name, ...torrentSchema.properties }, closed);

/** All pieces, none, these, all but these, or each piece with this chance. */
const hasSchema = Type.Union([
  oneOf(['all', 'none']),
  Type.Array(integer(0, 262_143), { maxItems: 262_144 }),
  Type.Object({ lacks: Type.Array(integer(0, 262_143), { maxItems: 262_144 }) }, closed),
  Type.Object({ perMille }, closed),
]);

/** A peer's part in another torrent. The user may stop it, and add it again. */
const partSchema = Type.Object(
  { torrent: name, has: Type.Optional(hasSchema), stopMs: Type.Optional(atMs), againMs: Type.Optional(atMs) },
  closed,
);

/** `home` is the default. */
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

/** Honest peers, and every actor of test/sim/actors. */
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
    /** The parts that it has in other torrents. */
    parts: Type.Optional(Type.Array(partSchema, { maxItems: 16 })),
    /** It knows only the info-hash at first. */
    magnet: Type.Optional(Type.Boolean()),
    link: Type.Optional(Type.Union([oneOf(linkNames), linkSchema])),
    /** What happens to dials to it: accepted, refused, or never answered, as behind most home routers. */
    reachability: Type.Optional(oneOf(['open', 'refuses', 'silent'])),
    /** Its address families. Default: IPv4 only. */
    family: Type.Optional(oneOf(families)),
    /** It shares its IPv4 address, and its IPv6 /64, with the other peers of this house. */
    house: Type.Optional(name),
    /** The trackers it announces to, in this order. Default: all. */
    trackers: Type.Optional(Type.Array(name, { maxItems: 16 })),
    /** Peers whose addresses it knows from the start. */
    knows: Type.Optional(names),
    joinMs: Type.Optional(atMs),
    /** When its user stops it. */
    leaveMs: Type.Optional(atMs),
    uploadBpsMax: Type.Optional(integer(0, 10_000_000_000)),
    downloadBpsMax: Type.Optional(integer(0, 10_000_000_000)),
    limits: Type.Optional(limitsSchema),
    /** A complete torrent that loses pieces fetches them again. Default: it goes offline. */
    mends: Type.Optional(Type.Boolean()),
  },
  closed,
);

const trackerSchema = Type.Object(
  {
    name,
    /** The tracker also returns this many addresses with no peer behind them. */
    deadAddresses: Type.Optional(integer(0, 100_000)),
    intervalSeconds: Type.Optional(integer(10, 3_600)),
    /** Default: at most 10 s. */
    minIntervalSeconds: Type.Optional(integer(1, 3_600)),
    /** The minutes to stay away that a refusal names (BEP 31). */
    retryMinutes: Type.Optional(integer(1, 60)),
    /** The address families of the tracker. Default: both. */
    family: Type.Optional(oneOf(families)),
  },
  closed,
);

const houseSchema = Type.Object(
  {
    name,
    /** Its router connects peers behind it to each other through its public address; most routers do not. */
    hairpin: Type.Optional(Type.Boolean()),
  },
  closed,
);

/** Strangers at a tracker of their own, apart from the swarm (test/sim/tracker/strangers.ts). */
const strangersSchema = Type.Object(
  {
    /** How many actions they take, one after the other. */
    steps: integer(1, 100_000),
    torrents: integer(1, 100),
    /** The tracker serves only some torrents, and keeps the counters of these. */
    isPicky: Type.Optional(Type.Boolean()),
    /** This many peers announce at once before the steps. */
    crowd: Type.Optional(integer(1, 1_000)),
    /** How long the tracker has been running. */
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

/** Members of a tracker with a catalogue, apart from the swarm (test/sim/tracker/members.ts). */
const membersSchema = Type.Object(
  {
    steps: integer(1, 100_000),
    signInRequired: Type.Boolean(),
    /** The most peers with a known account. Default: no limit. */
    presentMax: Type.Optional(integer(1, 100_000)),
  },
  closed,
);

/** Hostile bytes for every parser, apart from the swarm (test/sim/hostile-bytes/play.ts). */
const hostileBytesSchema = Type.Object({ steps: integer(1, 100_000) }, closed);

/** Streams between two peers, apart from the swarm (test/sim/wire-talk/play.ts). */
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
/** What other programs do to the files of a host. */
export const contentKinds = ['moved', 'deleted', 'changed', 'rotten'] as const;
export const trackerKinds = ['down', 'slow', 'lying', 'refusing'] as const;

function fault<Kind extends string, Rest extends Record<string, TSchema>>(type: Kind, rest: Rest) {
  return Type.Object({ type: Type.Literal(type), atMs, ...rest }, closed);
}

/** By `type`. `atMs`: when the fault begins; `forMs`: how long it lasts before it heals. */
export const faultSchemas = {
  /** The program stops without notice, and starts again with what its disk had synced. */
  crash: fault('crash', { peers: names, forMs, powerCut: Type.Optional(Type.Boolean()) }),
  /** The user stops the program, which announces `stopped`, and starts it again. */
  restart: fault('restart', { peers: names, forMs }),
  /**
   * Other programs move the folder (for good without `forMs`), delete a file, or change a block with or
   * without the file's stamp. `place`: selects the file or block, by its remainder.
   */
  content: fault('content', {
    peers: names,
    forMs: Type.Optional(forMs),
    kind: oneOf(contentKinds),
    place: Type.Optional(integer(0, 1_000_000)),
  }),
  /** The program stops running; its connections stay open. */
  freeze: fault('freeze', { peers: names, forMs }),
  /** No data passes its line; sent data arrives late. */
  clog: fault('clog', { peers: names, forMs }),
  /** All its connections break at once. */
  reset: fault('reset', { peers: names }),
  /** Runs of bytes are lost and sent again, or break their connection. */
  loss: fault('loss', { peers: names, forMs, lossPpm: ppm, resetPpm: ppm }),
  /** No data passes from one side to the other, nor back unless `oneWay` is set. */
  partition: fault('partition', {
    from: names,
    to: names,
    forMs,
    oneWay: Type.Optional(Type.Boolean()),
  }),
  /** `ppm`: the share of calls that fail, in millionths. Default: every call. */
  disk: fault('disk', { peers: names, forMs, kind: oneOf(diskKinds), ppm: Type.Optional(ppm) }),
  /**
   * The user chooses how many pieces are wanted, with drawn priorities, in sequential order if `sequential`
   * is set, and how many have a deadline, one every `deadlineMs` from now on. After `forMs`, or when the plan
   * heals, everything is wanted again. `asksTrackers`: the user requests an announce now.
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
  /** Its clock jumps ahead by this much, as on a laptop that was asleep. */
  'clock-jump': fault('clock-jump', { peers: names, byMs: forMs }),
  tracker: fault('tracker', { tracker: name, forMs, kind: oneOf(trackerKinds) }),
  /** The tracker loses its peers unless it has a snapshot. `silent`: no alive stream reports it. */
  'tracker-restart': fault('tracker-restart', {
    tracker: name,
    snapshot: Type.Optional(Type.Boolean()),
    silent: Type.Optional(Type.Boolean()),
  }),
} as const satisfies Record<string, TSchema>;

export const faultTypes = Object.keys(faultSchemas) as (keyof typeof faultSchemas)[];

/** Without faults, which are validated one by one by their type. */
export const planSchema = Type.Object(
  {
    /** A short name, and a text for people about the plan. */
    name: Type.Optional(name),
    story: Type.Optional(Type.String({ maxLength: 2_000 })),
    seed: integer(0, 0xffff_ffff),
    torrent: torrentSchema,
    /** Torrents besides the first. Content faults concern the first torrent. */
    torrents: Type.Optional(Type.Array(sideSchema, { maxItems: 16 })),
    /** `recut`: streams are cut at random bytes. `whole`: not cut, which costs less. */
    streams: Type.Optional(oneOf(['recut', 'whole'])),
    limits: Type.Optional(limitsSchema),
    trackers: Type.Optional(Type.Array(trackerSchema, { maxItems: 16 })),
    strangers: Type.Optional(strangersSchema),
    members: Type.Optional(membersSchema),
    hostileBytes: Type.Optional(hostileBytesSchema),
    wireTalk: Type.Optional(wireTalkSchema),
    /** Limited by the number of addresses for houses. */
    houses: Type.Optional(Type.Array(houseSchema, { maxItems: 1_000 })),
    peers: Type.Array(peerSchema, { minItems: 1, maxItems: peersMax }),
    faults: Type.Optional(
      Type.Array(Type.Unsafe<Fault>(Type.Object({ type: oneOf(faultTypes) })), { maxItems: 10_000 }),
    ),
    /** When everything heals. Default: at the start if there are no faults. */
    healMs: Type.Optional(atMs),
    /** How long after that a swarm without progress counts as stuck. */
    stuckMs: Type.Optional(forMs),
    /** When the run ends even if peers still make progress. */
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
