/**
 * Checks peer ids: equality, order, duplicate sessions of one peer, and the client name in a peer id. BEP 3,
 * 20
 */
import { clientNameOf } from '../../../client/engine/connection/client-name.ts';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { compareIds, isSameId, namesakeOf, succeeds } from '../../../client/engine/peers/peer-ids.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import { oneOf } from '../hostile-bytes/odd-bytes.ts';
import { drawMany } from './words.ts';

const programs: readonly (readonly [code: string, name: string])[] = [
  ['qB', 'qBittorrent'],
  ['UT', 'µTorrent'],
  ['DE', 'Deluge'],
  ['lt', 'rTorrent'],
  ['LT', 'libtorrent'],
  ['CI', 'Cicada'],
  ['AZ', 'Vuze'],
  ['WW', 'WebTorrent'],
];
const mainline: readonly (readonly [code: string, name: string])[] = [
  ['M', 'BitTorrent'],
  ['Q', 'Queen Bee'],
];

export function judgeNames(random: Prng): string | undefined {
  return judgePrograms(random) ?? judgeIds(random) ?? judgeSeconds(random);
}

function judgePrograms(random: Prng): string | undefined {
  const [code, program] = oneOf(random, programs);
  const numbers = Array.from({ length: 4 }, () => random.below(oneOf(random, [2, 10, 36])));
  const digits = numbers.map((number) => number.toString(36).toUpperCase()).join('');
  let last = numbers.length;
  while (last > 2 && numbers[last - 1] === 0) last -= 1;
  const [major, minor, patch] = [random.below(12), random.below(40), random.below(9)];
  const [letter, old] = oneOf(random, mainline);
  const two = String(random.below(100)).padStart(2, '0');
  const cases: readonly (readonly [id: string, name: string | undefined])[] = [
    [`-${code}${digits}-`, `${program} ${numbers.slice(0, last).join('.')}`],
    // What follows the version numbers is ignored.
    [`-${code}45${oneOf(random, ['a', 'z'])}1-`, `${program} 4.5`],
    [`-TR${random.below(4)}${two}0-`, undefined],
    ['-TR2940-', 'Transmission 2.94'],
    ['-TR0720-', 'Transmission 0.72'],
    ['-TR4060-', 'Transmission 4.0.6'],
    [`-zz${digits}-`, undefined],
    [`${letter}${major}-${minor}-${patch}--`, `${old} ${major}.${minor}.${patch}`],
    [`A2-1-${minor}-${patch}-`, `aria2 1.${minor}.${patch}`],
    [` -${code}${digits}-`, undefined],
    [`-${code}${digits}`, undefined],
  ];
  for (const [id, name] of cases) {
    const peerId = drawMany(random, 20);
    peerId.set(Buffer.from(id.padEnd(9, '\0')), 0);
    const shown = clientNameOf(peerId);
    if (id.startsWith('-TR') && name === undefined) {
      const meant = `Transmission ${id[3]}.${two}`;
      if (shown !== meant) return `calls ${id} ${shown}, and it is ${meant}`;
    } else if (shown !== name) return `calls ${id} ${shown}, and it is ${name}`;
  }
  return undefined;
}

function judgeIds(random: Prng): string | undefined {
  const one = drawMany(random, 20);
  const other = one.slice();
  const isGreater = Math.sign(compareIds(one, other));
  if (!isSameId(one, other) || isGreater !== 0) return 'takes one name for two';
  const at = random.below(20);
  other[at]! ^= 1 << random.below(8);
  // Later bytes do not matter then.
  if (at < 19 && random.below(2) === 0) other[19]! ^= random.below(256);
  if (isSameId(one, other) || isSameId(one, one.slice(0, 19))) return `takes two names for one: byte ${at}`;
  const meant = Buffer.compare(one, other);
  const found = [compareIds(one, other), -compareIds(other, one)].map(Math.sign);
  return found.every((sign) => sign === meant)
    ? undefined
    : `holds the wrong one of two names for the greater`;
}

interface Second {
  host: string;
  incoming: boolean;
  openedMs: number;
  heardMs: number;
}

/** Only the parts of a session that are used. */
function session(
  { host, ...rest }: Second,
  peerId?: Uint8Array,
  goodPieces = 0,
  may = true,
  stalled = false,
) {
  const parts = { peerId, record: { goodPieces }, mayBeAsked: may, pipeline: { stalled } };
  return { ...rest, ...parts, address: { host, port: 1 } } as unknown as PeerSession;
}

function judgeSeconds(random: Prng): string | undefined {
  const { dialTimeoutMs, stallTimeoutMs } = defaultLimits;
  const nowMs = 10_000_000;
  const ago = (ms: number) => nowMs - Math.max(0, ms + random.below(3) - 1);
  const draw = (host = oneOf(random, ['10.0.0.1', '10.0.0.2'])): Second => ({
    ...{ host, incoming: random.below(2) === 0, openedMs: ago(oneOf(random, [0, dialTimeoutMs])) },
    heardMs: ago(oneOf(random, [0, stallTimeoutMs])),
  });
  const [first, second] = [draw(), draw()];
  const isGreater = random.below(2) === 0;
  const crossed =
    first.incoming !== second.incoming &&
    first.openedMs > nowMs - dialTimeoutMs &&
    // The connection dialed by the peer with the greater id stays.
    second.incoming === isGreater;
  const again = first.incoming && second.incoming && first.heardMs <= nowMs - stallTimeoutMs;
  const meant = first.host === second.host && (crossed || again);
  if (succeeds(session(second), session(first), isGreater, defaultLimits, nowMs) !== meant)
    return `has ${JSON.stringify(second)} ${meant ? 'not ' : ''}take the place of ${JSON.stringify(first)}`;
  const name = drawMany(random, 20);
  const known = Array.from({ length: random.below(4) }, () => {
    const [isIt, good, may, stalled, isBelieved] = [0, 0, 0, 0, 0].map(() => random.below(2) === 0);
    const host = oneOf(random, ['10.0.0.1', '10.0.0.2']);
    const own = session(draw(host), isIt ? name : drawMany(random, 20), good ? 1 : 0, may, stalled);
    return { own, isIt, host, serves: good && may && !stalled, isBelieved: isBelieved === true };
  });
  const found = namesakeOf(
    session(second),
    name,
    known.map(({ own }) => own),
    (other) => known.some(({ own, isBelieved }) => own === other && isBelieved),
  );
  const near = known
    .filter(
      ({ own, isIt, host, isBelieved }) =>
        isIt && isBelieved && host === second.host && (own.incoming || second.incoming),
    )
    .sort((a, b) => b.own.heardMs - a.own.heardMs)[0];
  const far = known.filter(({ isIt, serves }) => isIt && serves).map(({ own }) => own);
  const isRight =
    near !== undefined ? found === near.own : found === undefined ? far.length === 0 : far.includes(found);
  return isRight ? undefined : 'takes the wrong one for a second one of a peer';
}
