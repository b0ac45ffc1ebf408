/**
 * Every checker says what is wrong when something is, and nothing while all is well. The wrong is done by hand: to the
 * parts of a running engine, to the disk, or in words put into its mouth.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import type { Inspection } from '../../../client/engine/inspection.ts';
import type { PeerSession } from '../../../client/engine/peer-session.ts';
import { encodePieceHeader, MessageWriter } from '../../../client/wire/message.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { enter } from '../actors/enter.ts';
import { poisoner } from '../actors/poisoner.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { World } from '../world/world.ts';
import { downloadedIsSomewhere, sentIsReceivedOrInFlight, unreadIsCounted } from './accounts.ts';
import { capsHold } from './caps.ts';
import type { Checker, Disbelief } from './checker.ts';
import { countsAreRight } from './counts.ts';
import { everybodyIsSomebodyElse } from './identity.ts';
import { allCheckers, BrokenRule, Inspector } from './inspector.ts';
import { liarsStayOut, metadataIsRight, theHonestAreBlameless } from './justice.ts';
import { nothingIsLeft } from './nothing-left.ts';
import { patienceEnds } from './patience.ts';
import { haveIsOnDisk, oneStateAPiece, recordedIsDurable } from './pieces.ts';
import { askedIsFetched } from './requests.ts';
import { servesTheTruth } from './served-bytes.ts';
import { speaksTruly } from './speech.ts';
import { trackersHearTheTruth } from './tracker-talk.ts';
import { theProvenAreBanned } from './verdicts.ts';

const KiB = 1024;
const minuteMs = 60_000;
const pieceLength = 64 * KiB;
const woke: Fact = { type: 'woke' };

let world: World;
let seed: SimPeer;
let leech: SimPeer;

/** A download in the middle: pieces of every state. */
beforeEach(() => {
  world = new World({ seed: 5, totalBytes: 40 * pieceLength - 1_234, pieceLength });
  seed = world.join({ has: 'all' });
  leech = world.join();
  world.runUntil(() => leech.status.haveCount >= 10, minuteMs);
});

/** Somebody else's parts may be read; to break them on purpose is for tests. */
function parts(peer: SimPeer): Inspection {
  return peer.engine.inspect(torrent)!;
}

function sessionIn(peer: SimPeer): PeerSession {
  return [...parts(peer).sessions.values()][0]!;
}

function turn(checker: Checker, peer: SimPeer, fact: Fact, ...actions: Action[]): Disbelief {
  return checker.onTurn!({ world, peer, fact, actions, nowMs: world.nowMs });
}

function said(write: (writer: MessageWriter) => void): Action {
  const writer = new MessageWriter();
  write(writer);
  return { type: 'send', connection: 901, bytes: writer.take() };
}

describe('an inspector', () => {
  it('has nothing to say about a swarm in which all is well', () => {
    const other = new World({ seed: 6, totalBytes: 20 * pieceLength, pieceLength });
    const inspector = new Inspector(other);
    other.join({ has: 'all' });
    const leeches = [other.join(), other.join()];
    expect(other.runUntilComplete(leeches, minuteMs)).toBe(true);
    leeches[0]!.crash({ power: true });
    leeches[0]!.restart();
    other.runFor(minuteMs);
    inspector.end();
  });

  it('ends the run at the first belief that does not hold, and names it', () => {
    const disbeliever: Checker = { name: 'disbeliever', inspect: () => 'nothing is true' };
    new Inspector(world, { checkers: [disbeliever], everyMs: 100 });
    let failure: unknown;
    try {
      world.runFor(minuteMs);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(BrokenRule);
    expect(failure).toMatchObject({ checker: 'disbeliever', peer: 1, atMs: world.nowMs });
  });

  it('calls every checker by a name of its own', () => {
    const names = allCheckers.map((make) => make().name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('one-state-a-piece', () => {
  it('misses a piece that is in two states', () => {
    const { ledger } = parts(leech);
    const checker = oneStateAPiece();
    expect(checker.inspect!(leech)).toBeUndefined();
    (ledger as { isMissing(pieceIndex: PieceIndex): boolean }).isMissing = () => true;
    expect(checker.inspect!(leech)).toMatch(/^piece \d+ is (have|fetching|storing) and missing$/);
  });

  it('counts what it has again', () => {
    (parts(leech).ledger as { haveCount: number }).haveCount += 1;
    expect(oneStateAPiece().inspect!(leech)).toMatch(/^counted 11 pieces/);
  });
});

describe('have-is-on-disk', () => {
  it('looks at the disk', () => {
    const checker = haveIsOnDisk();
    expect(checker.inspect!(seed)).toBeUndefined();
    seed.platter.damage(7 as PieceIndex, 2, 1);
    expect(checker.inspect!(seed)).toBe('has piece 7, and the disk holds something else');
    expect(turn(checker, seed, { type: 'piece-stored', torrent, pieceIndex: 7 as PieceIndex })).toContain(
      'piece 7',
    );
  });

  it('leaves out who could not know', () => {
    const checker = haveIsOnDisk();
    seed.temper.lostWritePpm = 1;
    turn(checker, seed, woke);
    seed.platter.damage(7 as PieceIndex, 2, 1);
    expect(checker.inspect!(seed)).toBeUndefined();
  });
});

it('recorded-is-durable: what is recorded has survived the crash', () => {
  const checker = recordedIsDurable();
  expect(checker.onCrash!(seed)).toBeUndefined();
  seed.platter.damage(3 as PieceIndex, 0, 1);
  expect(checker.onCrash!(seed)).toBe('piece 3 is recorded, and the crash has taken it');
});

describe('asked-is-fetched', () => {
  const look = () => askedIsFetched().inspect!(leech);

  it('is content with a download in the middle', () => {
    expect(sessionIn(leech).pipeline.asked.length).toBeGreaterThan(0);
    expect(look()).toBeUndefined();
  });

  it('finds a request for a piece nobody fetches', () => {
    const has = [...parts(leech).ledger.geometry.pieces()].find((index) => parts(leech).ledger.has(index))!;
    sessionIn(leech).pipeline.asked.push(has * 4);
    expect(look()).toMatch(/which nobody fetches$/);
  });

  it('finds a request that counts on one side only', () => {
    sessionIn(leech).pipeline.asked.pop();
    expect(look()).toMatch(/counts 1 copies on their way, and 0 peers are asked for it$/);
  });

  it('finds a block asked for twice', () => {
    const { asked } = sessionIn(leech).pipeline;
    asked.push(asked[0]!);
    expect(look()).toMatch(/asked for one block twice$/);
  });

  it('finds requests to a peer that chokes us', () => {
    sessionIn(leech).peerChoking = true;
    expect(look()).toMatch(/chokes us, and \d+ blocks are asked of it$/);
  });

  it('finds a piece that has lost its owner', () => {
    const piece = [...parts(leech).ledger.fetchingPieces].find(({ owner }) => owner !== undefined)!;
    (piece.owner as PeerSession).owned.delete(piece);
    expect(look()).toBe(`the owner of piece ${piece.pieceIndex} does not know of it`);
  });
});

describe('counts-are-right', () => {
  const look = (peer: SimPeer) => countsAreRight().inspect!(peer);

  it('are, in a download in the middle', () => {
    expect([look(seed), look(leech)]).toEqual([undefined, undefined]);
  });

  it('finds a have that counts twice', () => {
    const { picker } = parts(seed) as unknown as { picker: { onHave(pieceIndex: number): void } };
    picker.onHave(0);
    expect(look(seed)).toMatch(/^piece 0 is thought to be with \d+ peers/);
  });

  it('finds a peer that has something for us and was told the contrary', () => {
    sessionIn(leech).amInterested = false;
    expect(look(leech)).toMatch(/was told the contrary$/);
  });

  it('finds a piece that a peer has not', () => {
    sessionIn(leech).pieces.count += 1;
    expect(look(leech)).toMatch(/counts 41 pieces, has 40$/);
  });

  it('finds a useful piece too many', () => {
    sessionIn(leech).usefulCount += 1;
    expect(look(leech)).toMatch(/useful pieces/);
  });

  it('finds a slot that nobody has', () => {
    sessionIn(seed).amChoking = true;
    expect(look(seed)).toBe('counted 1 who are served, there are 0');
  });

  it('finds a place that nobody has', () => {
    (leech.engine.usage.budget as unknown as { open(host: string): void }).open('10.5.5.5');
    expect(look(leech)).toBe('counted 2 connections, there are 1');
  });
});

describe('caps-hold', () => {
  it('finds too many connections, too many bytes and too many dials', () => {
    const checker = capsHold();
    const { budget, limits } = leech.engine.usage as {
      budget: { pieceBytes: number; dials: number };
      limits: { pieceMemoryBytesMax: number; dialsMax: number };
    };
    expect(turn(checker, leech, woke)).toBeUndefined();
    budget.pieceBytes = limits.pieceMemoryBytesMax + 1;
    expect(turn(checker, leech, woke)).toMatch(/bytes of pieces, and at most/);
    budget.pieceBytes = 0;
    budget.dials = limits.dialsMax + 1;
    expect(turn(checker, leech, woke)).toMatch(/dials under way, and at most/);
  });

  it('finds a peer of whom too much is asked', () => {
    const session = sessionIn(leech);
    session.pipeline.rejects = 51;
    const fact: Fact = { type: 'flushed', connection: session.connection, bytes: 0 };
    expect(turn(capsHold(), leech, fact)).toBe('51 refusals in a row, and at most 50 are allowed');
  });

  it('finds a peer from whom too much is taken that nobody asked for', () => {
    const session = sessionIn(leech);
    for (let i = 0; i < 65; i++) session.pipeline.tolerate();
    const fact: Fact = { type: 'flushed', connection: session.connection, bytes: 0 };
    expect(turn(capsHold(), leech, fact)).toMatch(/^65 blocks nobody asked for/);
    session.metadataBlocksSent = 13;
    expect(turn(capsHold(), leech, fact)).toMatch(/blocks/);
  });

  it('finds buffers that belong to no piece', () => {
    leech.memory.allocate(1024 * KiB);
    expect(capsHold().inspect!(leech)).toMatch(/bytes of buffers, and at most/);
  });
});

describe('patience-ends', () => {
  it('finds who was waited for too long', () => {
    const checker = patienceEnds();
    expect(turn(checker, leech, woke)).toBeUndefined();
    sessionIn(leech).pipeline.progressMs = world.nowMs - 60_500;
    expect(turn(checker, leech, woke)).toMatch(/asked for blocks, and nothing came for 60000 ms$/);
    sessionIn(leech).heardMs = world.nowMs - 180_500;
    expect(turn(checker, leech, woke)).toMatch(/180500 ms without a word from the peer$/);
  });
});

describe('speaks-truly', () => {
  /** After a handshake and what it has, `peer` says this. */
  const hear = (peer: SimPeer, ...words: Action[]) => {
    const checker = speaksTruly();
    const handshake: Action = { type: 'send', connection: 901, bytes: new Uint8Array(68) };
    handshake.bytes.set(Uint8Array.from('\x13BitTorrent protocol', (c) => c.charCodeAt(0)));
    const { ledger } = parts(peer);
    const pieces = said((writer) => {
      const bits = new Uint8Array(Math.ceil(ledger.geometry.pieceCount / 8));
      for (const index of ledger.geometry.pieces())
        if (ledger.has(index)) bits[index >> 3]! |= 0x80 >> (index & 7);
      writer.bitfield(bits);
    });
    return turn(checker, peer, woke, handshake, pieces, ...words);
  };
  const missing = () => [...parts(leech).ledger.geometry.pieces()].find((i) => !parts(leech).ledger.has(i))!;
  const had = () => [...parts(leech).ledger.geometry.pieces()].find((i) => parts(leech).ledger.has(i))!;

  it('believes the truth', () => {
    const words = said((writer) => {
      writer.interested();
      writer.request(missing(), 0, 16 * KiB);
      writer.cancel(missing(), 0, 16 * KiB);
    });
    expect(hear(leech, words)).toBeUndefined();
  });

  it.each<[string, RegExp, (writer: MessageWriter) => void]>([
    ['a have of what it lacks', /and has not$/, (writer) => writer.have(missing())],
    ['interest said twice', /says twice/, (writer) => [writer.interested(), writer.interested()]],
    ['a request without interest', /is not interested$/, (writer) => writer.request(missing(), 0, 16 * KiB)],
    [
      'a request beyond the last block',
      /asks for what is no block/,
      (writer) => [writer.interested(), writer.request(39, 48 * KiB, 16 * KiB)],
    ],
    [
      'a request for less than the block',
      /asks for 100 bytes of block 0/,
      (writer) => [writer.interested(), writer.request(missing(), 0, 100)],
    ],
    [
      'a request for what it has',
      /which it has$/,
      (writer) => [writer.interested(), writer.request(had(), 0, 16 * KiB)],
    ],
    ['a cancel of nothing', /never asked for$/, (writer) => writer.cancel(missing(), 0, 16 * KiB)],
    ['what it has, once more', /at the wrong time$/, (writer) => writer.haveNone()],
  ])('does not believe %s', (_, what, write) => {
    expect(hear(leech, said(write))).toMatch(what);
  });

  it('does not believe a block sent to a peer that is choked, or of a piece that is not there', () => {
    const serve = (pieceIndex: number): Action => ({
      type: 'send-block',
      connection: 901,
      header: encodePieceHeader(pieceIndex, 0, 16 * KiB),
      payload: new Uint8Array(16 * KiB),
    });
    const unchoke = said((writer) => writer.unchoke());
    expect(hear(leech, serve(had()))).toMatch(/to a peer it chokes$/);
    expect(hear(leech, unchoke, serve(missing()))).toMatch(/which it has not$/);
    expect(hear(leech, unchoke, serve(had()))).toBeUndefined();
  });

  it('does not believe a block from somebody who was never asked for it', () => {
    const { ledger } = parts(leech);
    // Nothing that it said before was heard.
    world.runUntil(() => [...ledger.storingPieces].length > 0, minuteMs);
    const { pieceIndex } = [...ledger.storingPieces][0]!;
    const store = {
      type: 'store-piece',
      torrent,
      pieceIndex,
      buffer: { bytes: 0 },
      wantDigests: false,
    } as const;
    expect(turn(speaksTruly(), leech, woke, store)).toMatch(/who was never asked for it$/);
  });
});

it('serves-the-truth: what leaves is what the disk holds, and what was asked for', () => {
  const block = world.geometry.block(2, 16 * KiB, 16 * KiB)!;
  const serve = (flavour: number, bytes = block.bytes) => {
    const checker = servesTheTruth();
    const read: Fact = { type: 'block-read', torrent, read: 77, bytes: new Uint8Array(bytes) };
    turn(checker, seed, woke, { type: 'read-block', torrent, read: 77, block });
    const payload = world.content.lend({ ...block, bytes }, flavour);
    const header = encodePieceHeader(2, block.begin, bytes);
    return turn(checker, seed, read, { type: 'send-block', connection: 901, header, payload });
  };
  expect(serve(0)).toBeUndefined();
  expect(serve(9)).toMatch(/^sends wrong bytes of piece 2/);
  expect(serve(0, 8 * KiB)).toMatch(/and was asked for others$/);
});

describe('justice', () => {
  it('the-honest-are-blameless: no crime happens between two of us', () => {
    const checker = theHonestAreBlameless();
    const { address } = seed;
    const accuse = (reason: string) => {
      const connection = 903;
      const close: Action = { type: 'close', connection, reason };
      return turn(checker, leech, { type: 'connected', connection, address, incoming: true }, close);
    };
    expect(accuse('both-complete')).toBeUndefined();
    expect(accuse('sent-corrupt-data')).toBe('blames 10.0.0.1, who is honest: sent-corrupt-data');
    // Whose disk lies to it may send a lie.
    seed.temper.wrongReadPpm = 1;
    turn(checker, seed, woke);
    expect(accuse('sent-corrupt-data')).toBeUndefined();
    expect(accuse('request-out-of-range')).toMatch(/who is honest/);
  });

  it('liars-stay-out: whoever was banned is neither let in nor dialed while the ban lasts', () => {
    const checker = liarsStayOut();
    const address = { host: '172.16.0.9', port: 6881 };
    const report = (type: 'peer-connected' | 'peer-dropped'): Action => ({
      type: 'report',
      report: { type, torrent, address, reason: 'sent-corrupt-data', downloaded: 0 } as never,
    });
    expect(turn(checker, leech, woke, report('peer-connected'), report('peer-dropped'))).toBeUndefined();
    expect(turn(checker, leech, woke, { type: 'dial', connection: 2, address })).toMatch(/^dials/);
    expect(turn(checker, leech, woke, report('peer-connected'))).toMatch(/^lets/);
    const later = world.nowMs + 60 * minuteMs;
    const again = { world, peer: leech, fact: woke, actions: [report('peer-connected')], nowMs: later };
    expect(checker.onTurn!(again)).toBeUndefined();
  });

  it('the-proven-are-banned: a corrupt piece of one source has its author', () => {
    const dark = new World({ seed: 7, totalBytes: 4 * pieceLength, pieceLength });
    enter(dark, poisoner({ wrongOneIn: 1 }), { name: 'poisoner' });
    const checker = theProvenAreBanned();
    const victim = dark.join();
    let disbelief: Disbelief;
    dark.watch({
      onHandled(peer, fact, actions, nowMs) {
        // The ban is taken back before anybody looks.
        if (fact.type === 'piece-corrupt') {
          for (const { record } of known) if (record !== undefined) record.bannedUntilMs = 0;
        }
        for (const session of peer.engine.usage.sessions.values()) known.add(session);
        disbelief ??= checker.onTurn!({ world: dark, peer, fact, actions, nowMs });
      },
    });
    const known = new Set<PeerSession>();
    dark.runUntil(() => victim.reportsOf('piece-failed').length > 0, minuteMs);
    expect(disbelief).toMatch(/and has not banned it$/);
  });

  it('metadata-is-right: another dictionary is not the torrent’s', () => {
    const report = (infoBytes: Uint8Array): Action => ({
      type: 'report',
      report: { type: 'metadata-received', torrent, infoBytes, peers: [] },
    });
    expect(turn(metadataIsRight(), leech, woke, report(world.infoBytes))).toBeUndefined();
    expect(turn(metadataIsRight(), leech, woke, report(world.infoBytes.slice(1)))).toBeDefined();
  });
});

describe('accounts', () => {
  it('sent-is-received-or-in-flight: a byte that vanishes is missed', () => {
    expect(sentIsReceivedOrInFlight().inspect!(seed)).toBeUndefined();
    [...seed.host.ends][0]!.sentBytes += 1;
    expect(sentIsReceivedOrInFlight().inspect!(seed)).toMatch(/^connection \d+: sent \d+ bytes/);
  });

  it('unread-is-counted: what leaves unnoticed is missed', () => {
    const checker = unreadIsCounted();
    const { connection } = sessionIn(seed);
    // It begins to listen in the middle: whatever was sent before, nobody has told it of.
    const flushed: Fact = { type: 'flushed', connection, bytes: 12 };
    expect(turn(checker, seed, flushed)).toMatch(/-12 bytes are unread/);
  });

  it('downloaded-is-somewhere: a byte that was stored twice is found', () => {
    const checker = downloadedIsSomewhere();
    const fresh = world.join();
    let added: Fact | undefined;
    world.watch({ onHandled: (peer, fact) => void (peer === fresh && (added ??= fact)) });
    turn(checker, fresh, { type: 'added', spec: {} as never });
    world.runUntil(() => fresh.status.haveCount > 5, minuteMs);
    expect(checker.inspect!(fresh)).toBeUndefined();
    (parts(fresh).ledger as { haveBytes: number }).haveBytes += 1;
    expect(checker.inspect!(fresh)).toMatch(/^downloaded \d+ bytes/);
  });
});

describe('trackers-hear-the-truth', () => {
  const announce = (event: 'started' | 'completed' | 'stopped' | undefined, left: number): Action => ({
    type: 'announce',
    request: { torrent, tracker: 't', event, left } as never,
  });
  const answered: Fact = {
    type: 'announced',
    torrent,
    tracker: 't',
    answer: { peers: [], intervalSeconds: 60 },
  };
  const left = () => world.geometry.totalBytes - parts(leech).ledger.haveBytes;

  it('in its order, and one thing at a time', () => {
    const checker = trackersHearTheTruth();
    expect(turn(checker, leech, woke, announce('started', left()))).toBeUndefined();
    expect(turn(checker, leech, woke, announce('started', left()))).toMatch(/still owes an answer$/);
    expect(turn(checker, leech, answered, announce(undefined, left()))).toBeUndefined();
  });

  it.each<[string, 'started' | 'completed' | 'stopped' | undefined, number]>([
    ['an announce before it is listed', undefined, 0],
    ['a goodbye before it is listed', 'stopped', 0],
    ['completed with something left', 'completed', 0],
    ['less than is left', 'started', -1],
  ])('never hear %s', (_, event, by) => {
    expect(turn(trackersHearTheTruth(), leech, woke, announce(event, left() + by))).toMatch(/^tells t /);
  });
});

it('everybody-is-somebody-else: neither ourselves nor a peer we have already', () => {
  const checker = everybodyIsSomebodyElse();
  const { address } = seed;
  const arrived: Action = { type: 'report', report: { type: 'peer-connected', torrent, address } };
  expect(turn(checker, leech, woke, arrived)).toBeUndefined();
  const session = sessionIn(leech);
  (parts(leech).sessions as Map<number, PeerSession>).set(902, session);
  expect(turn(checker, leech, woke, arrived)).toMatch(/^is connected twice with/);
  session.peerId = leech.engine.usage.peerId;
  expect(turn(checker, leech, woke, arrived)).toBe('is connected with itself, as 10.0.0.1');
});

it('nothing-is-left: neither a buffer nor a connection', () => {
  expect(nothingIsLeft().atEnd!(leech)).toMatch(/connections are left$/);
  leech.stop();
  world.runFor(2_000);
  expect(nothingIsLeft().atEnd!(leech)).toBeUndefined();
  leech.memory.allocate(1);
  expect(nothingIsLeft().atEnd!(leech)).toBe('1 buffers are left');
});
