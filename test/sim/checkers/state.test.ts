/** Checkers of the engine's state: every fault put into its parts by hand is reported. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import type { PieceIndex } from '../../../torrents/geometry.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import type { World } from '../world/world.ts';
import { capsHold } from './caps.ts';
import { countsAreRight } from './counts.ts';
import { everybodyIsSomebodyElse } from './identity.ts';
import { KiB, type Midway, midway, parts, sessionIn, woke } from './midway.ts';
import { nothingIsLeft } from './nothing-left.ts';
import { patienceEnds } from './patience.ts';
import { haveIsOnDisk, oneStateAPiece, recordedIsDurable } from './pieces.ts';
import { askedIsFetched } from './requests.ts';

let world: World;
let seed: SimPeer;
let leech: SimPeer;
let turn: Midway['turn'];

beforeEach(() => {
  ({ world, seed, leech, turn } = midway());
});

describe('one-state-a-piece', () => {
  it('one-state-a-piece reports a piece in two states', () => {
    const { ledger } = parts(leech);
    const checker = oneStateAPiece();
    expect(checker.inspect!(leech)).toBeUndefined();
    (ledger as { isMissing(pieceIndex: PieceIndex): boolean }).isMissing = () => true;
    expect(checker.inspect!(leech)).toMatch(/^piece \d+ is (have|fetching|storing) and missing$/);
  });

  it('one-state-a-piece reports a wrong count of pieces', () => {
    (parts(leech).ledger as { haveCount: number }).haveCount += 1;
    expect(oneStateAPiece().inspect!(leech)).toMatch(/^counted 11 pieces/);
  });
});

describe('have-is-on-disk', () => {
  it('have-is-on-disk reports a piece that is damaged on disk', () => {
    const checker = haveIsOnDisk();
    expect(checker.inspect!(seed)).toBeUndefined();
    seed.platter.damage(7 as PieceIndex, 2, 1);
    expect(checker.inspect!(seed)).toBe('has piece 7, and the disk holds something else');
    expect(turn(checker, seed, { type: 'piece-stored', torrent, pieceIndex: 7 as PieceIndex })).toContain(
      'piece 7',
    );
  });

  it('have-is-on-disk excuses a host whose disk loses writes', () => {
    const checker = haveIsOnDisk();
    seed.temper.lostWritePpm = 1;
    turn(checker, seed, woke);
    seed.platter.damage(7 as PieceIndex, 2, 1);
    expect(checker.inspect!(seed)).toBeUndefined();
  });
});

it('recorded-is-durable reports a recorded piece that a crash has damaged', () => {
  const checker = recordedIsDurable();
  expect(checker.onCrash!(seed)).toBeUndefined();
  seed.platter.damage(3 as PieceIndex, 0, 1);
  expect(checker.onCrash!(seed)).toBe('piece 3 is recorded, and the crash has taken it');
});

describe('asked-is-fetched', () => {
  const look = () => askedIsFetched().inspect!(leech);

  it('asked-is-fetched accepts a half-done download', () => {
    expect(sessionIn(leech).pipeline.asked.length).toBeGreaterThan(0);
    expect(look()).toBeUndefined();
  });

  it('asked-is-fetched reports a request for a piece that is not being downloaded', () => {
    const has = [...parts(leech).ledger.geometry.pieces()].find((index) => parts(leech).ledger.has(index))!;
    sessionIn(leech).pipeline.asked.push(has * 4);
    expect(look()).toMatch(/which nobody fetches$/);
  });

  it('asked-is-fetched reports a request that only the piece counts', () => {
    sessionIn(leech).pipeline.asked.pop();
    expect(look()).toMatch(/counts 1 copies on their way, and 0 peers are asked for it$/);
  });

  it('asked-is-fetched reports a block requested twice from one peer', () => {
    const { asked } = sessionIn(leech).pipeline;
    asked.push(asked[0]!);
    expect(look()).toMatch(/asked for one block twice$/);
  });

  it('asked-is-fetched reports requests to a peer that chokes the host', () => {
    sessionIn(leech).peerChoking = true;
    expect(look()).toMatch(/chokes us, and \d+ blocks are asked of it$/);
  });

  it('asked-is-fetched reports a piece whose owner does not know of it', () => {
    const piece = [...parts(leech).ledger.fetchingPieces].find(({ owner }) => owner !== undefined)!;
    piece.owner!.kept.pieces.delete(piece);
    expect(look()).toBe(`the owner of piece ${piece.pieceIndex} does not know of it`);
  });
});

describe('counts-are-right', () => {
  const look = (peer: SimPeer) => countsAreRight().inspect!(peer);

  it('counts-are-right accepts a half-done download', () => {
    expect([look(seed), look(leech)]).toEqual([undefined, undefined]);
  });

  it('counts-are-right reports a `have` that counts twice', () => {
    const { picker } = parts(seed) as unknown as { picker: { onHave(pieceIndex: number): void } };
    picker.onHave(0);
    expect(look(seed)).toMatch(/^piece 0 is thought to be with \d+ peers/);
  });

  it('counts-are-right reports a useful peer that was told the host is not interested', () => {
    sessionIn(leech).amInterested = false;
    expect(look(leech)).toMatch(/was told the contrary$/);
  });

  it('counts-are-right reports a wrong number of pieces of a peer', () => {
    sessionIn(leech).pieces.count += 1;
    expect(look(leech)).toMatch(/counts 41 pieces, has 40$/);
  });

  it('counts-are-right reports a wrong number of useful pieces', () => {
    sessionIn(leech).usefulCount += 1;
    expect(look(leech)).toMatch(/useful pieces/);
  });

  it('counts-are-right reports an upload slot that no peer has', () => {
    sessionIn(seed).amChoking = true;
    expect(look(seed)).toBe('counted 1 who are served, there are 0');
  });

  it('counts-are-right reports a connection slot that no peer has', () => {
    const budget = leech.engine.usage.budget as unknown as { sit(guest: object): void };
    budget.sit({ connection: 99, host: '10.5.5.5', incoming: true, torrent: 1 });
    expect(look(leech)).toBe('counted 2 connections, there are 1');
  });
});

describe('caps-hold', () => {
  it('caps-hold reports too many bytes of pieces and too many dials', () => {
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

  it('caps-hold reports too many rejects in a row', () => {
    const session = sessionIn(leech);
    session.pipeline.rejects = 51;
    const fact: Fact = { type: 'flushed', connection: session.connection, bytes: 0 };
    expect(turn(capsHold(), leech, fact)).toBe('51 refusals in a row, and at most 50 are allowed');
  });

  it('caps-hold reports too many unrequested blocks and too many metadata blocks', () => {
    const session = sessionIn(leech);
    for (let i = 0; i < 65; i++) session.pipeline.tolerate();
    const fact: Fact = { type: 'flushed', connection: session.connection, bytes: 0 };
    expect(turn(capsHold(), leech, fact)).toMatch(/^65 blocks nobody asked for/);
    session.metadataBlocksSent = 13;
    expect(turn(capsHold(), leech, fact)).toMatch(/blocks/);
  });

  it('caps-hold reports buffers that belong to no piece', () => {
    leech.memory.allocate(1024 * KiB);
    expect(capsHold().inspect!(leech)).toMatch(/bytes of buffers, and at most/);
  });
});

describe('patience-ends', () => {
  it('patience-ends reports a peer that was waited for too long', () => {
    const checker = patienceEnds();
    expect(turn(checker, leech, woke)).toBeUndefined();
    sessionIn(leech).pipeline.progressMs = world.nowMs - 60_500;
    expect(turn(checker, leech, woke)).toMatch(/asked for blocks, and nothing came for 60000 ms$/);
    sessionIn(leech).heardMs = world.nowMs - 180_500;
    expect(turn(checker, leech, woke)).toMatch(/180500 ms without a word from the peer$/);
  });
});

it('everybody-is-somebody-else reports a connection to oneself and a second one to a peer', () => {
  const checker = everybodyIsSomebodyElse();
  const { address } = seed;
  const arrived: Action = { type: 'report', report: { type: 'peer-connected', torrent, address } };
  expect(turn(checker, leech, woke, arrived)).toBeUndefined();
  const sessions = parts(leech).sessions as Map<number, PeerSession>;
  const session = sessionIn(leech);
  sessions.set(902, { ...session } as PeerSession);
  expect(turn(checker, leech, woke, arrived)).toMatch(/^is connected twice with/);
  sessions.set(902, { ...session, peerId: leech.engine.usage.peerId } as PeerSession);
  expect(turn(checker, leech, woke, arrived)).toBe('is connected with itself, as 50.0.0.1');
});

it('nothing-is-left reports a connection and a buffer', () => {
  expect(nothingIsLeft().atEnd!(leech)).toMatch(/connections are left$/);
  leech.stop();
  world.runFor(2_000);
  expect(nothingIsLeft().atEnd!(leech)).toBeUndefined();
  leech.memory.allocate(1);
  expect(nothingIsLeft().atEnd!(leech)).toBe('1 buffers are left');
});
