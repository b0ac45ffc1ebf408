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
import { linkNames } from './links.ts';

/** A leap year: longer runs prove nothing new, and every sum of times stays an exact integer. */
const timeMaxMs = 366 * 86_400_000;
/** The largest swarm one process has memory for. */
export const peersMax = 5_000;

const closed = { additionalProperties: false } as const;
const integer = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });
const oneOf = <Text extends string>(texts: readonly Text[]) => Type.Enum([...texts]);
const atMs = integer(0, timeMaxMs);
const forMs = integer(1, timeMaxMs);
const perMille = integer(0, 1000);
const name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' });
const names = Type.Array(name, { minItems: 1, maxItems: peersMax });

export const torrentSchema = Type.Object(
  {
    pieces: integer(1, 262_144),
    pieceBytes: integer(1, 16 * 1024 * 1024),
    lastPieceBytes: Type.Optional(integer(1, 16 * 1024 * 1024)),
  },
  closed,
);

const linkSchema = Type.Object(
  {
    latencyMs: Type.Optional(integer(0, 60_000)),
    jitterMs: Type.Optional(integer(0, 60_000)),
    upBps: Type.Optional(integer(1_000, 10_000_000_000)),
    downBps: Type.Optional(integer(1_000, 10_000_000_000)),
    queueBytes: Type.Optional(integer(1_024, 1024 * 1024 * 1024)),
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
    /** All pieces, none, these, or each with this chance. */
    has: Type.Optional(
      Type.Union([
        oneOf(['all', 'none']),
        Type.Array(integer(0, 262_143), { maxItems: 262_144 }),
        Type.Object({ perMille }, closed),
      ]),
    ),
    /** It knows only the hash at first. */
    magnet: Type.Optional(Type.Boolean()),
    link: Type.Optional(Type.Union([oneOf(linkNames), linkSchema])),
    /** Whether anybody can connect to it. */
    dialable: Type.Optional(Type.Boolean()),
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
  },
  closed,
);

const trackerSchema = Type.Object(
  {
    name,
    /** It knows so many peers that are none. */
    deadAddresses: Type.Optional(integer(0, 100_000)),
    intervalSeconds: Type.Optional(integer(10, 3_600)),
  },
  closed,
);

/** By `type`. `atMs`: when it begins; `forMs`: how long it lasts, and then it heals. */
export const faultSchemas = {
  /** The host is gone from one moment to the next, and back with what its disk had synced. */
  crash: Type.Object({ type: Type.Literal('crash'), peers: names, atMs, forMs }, closed),
  /** The program stands still, its connections stay. */
  freeze: Type.Object({ type: Type.Literal('freeze'), peers: names, atMs, forMs }, closed),
  /** Nothing passes its line; what was sent arrives late. */
  clog: Type.Object({ type: Type.Literal('clog'), peers: names, atMs, forMs }, closed),
  /** All its connections break at once. */
  reset: Type.Object({ type: Type.Literal('reset'), peers: names, atMs }, closed),
  /** Every delivery may stall the stream or break it. */
  loss: Type.Object(
    {
      type: Type.Literal('loss'),
      peers: names,
      atMs,
      forMs,
      stallPerMille: perMille,
      stallMs: integer(1, 60_000),
      resetPerMille: perMille,
    },
    closed,
  ),
  /** Nothing passes from some to others; the other way too unless it is one-way. */
  partition: Type.Object(
    {
      type: Type.Literal('partition'),
      from: names,
      to: names,
      atMs,
      forMs,
      oneWay: Type.Optional(Type.Boolean()),
    },
    closed,
  ),
  /** Nobody can connect to it any more; what is connected stays. */
  undialable: Type.Object({ type: Type.Literal('undialable'), peers: names, atMs, forMs }, closed),
  disk: Type.Object(
    {
      type: Type.Literal('disk'),
      peers: names,
      atMs,
      forMs,
      kind: oneOf(['full', 'read-error', 'write-error', 'sync-error', 'wrong-bytes', 'short-read', 'slow']),
      /** How often; every time when it says nothing. */
      perMille: Type.Optional(perMille),
    },
    closed,
  ),
  /** The wall clock jumps; the monotonic one does not. */
  'clock-jump': Type.Object(
    { type: Type.Literal('clock-jump'), peers: names, atMs, byMs: integer(-timeMaxMs, timeMaxMs) },
    closed,
  ),
  tracker: Type.Object(
    {
      type: Type.Literal('tracker'),
      tracker: name,
      atMs,
      forMs,
      kind: oneOf(['down', 'slow', 'lying', 'refusing']),
    },
    closed,
  ),
  /** The tracker has forgotten everybody. */
  'tracker-restart': Type.Object({ type: Type.Literal('tracker-restart'), tracker: name, atMs }, closed),
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
    /** Streams are cut anew at random bytes, or each send arrives as it was sent, which costs less. */
    streams: Type.Optional(oneOf(['recut', 'whole'])),
    limits: Type.Optional(limitsSchema),
    trackers: Type.Optional(Type.Array(trackerSchema, { maxItems: 16 })),
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
export type PeerPlan = Static<typeof peerSchema>;
export type TrackerPlan = Static<typeof trackerSchema>;
export type LinkPlan = Static<typeof linkSchema>;
export type Role = (typeof roles)[number];
export type FaultType = keyof typeof faultSchemas;
export type Fault = { [Kind in FaultType]: Static<(typeof faultSchemas)[Kind]> }[FaultType];
