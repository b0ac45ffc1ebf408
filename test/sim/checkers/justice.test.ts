/** Checkers of blame, bans, and accounts of bytes. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Action, Fact } from '../../../client/engine/contract.ts';
import { enter } from '../actors/enter.ts';
import { poisoner } from '../actors/poisoner.ts';
import { type SimPeer, torrent } from '../world/peer.ts';
import { World } from '../world/world.ts';
import { downloadedIsSomewhere, sentIsReceivedOrInFlight, unreadIsCounted } from './accounts.ts';
import type { Disbelief } from './checker.ts';
import { liarsStayOut, metadataIsRight, theHonestAreBlameless } from './justice.ts';
import { type Midway, midway, minuteMs, pieceLength, sessionIn, woke } from './midway.ts';
import { theProvenAreBanned } from './verdicts.ts';

let world: World;
let seed: SimPeer;
let leech: SimPeer;
let turn: Midway['turn'];

beforeEach(() => {
  ({ world, seed, leech, turn } = midway());
});

describe('justice', () => {
  it('the-honest-are-blameless reports an honest peer that is dropped for a violation', () => {
    const checker = theHonestAreBlameless();
    const { address } = seed;
    const accuse = (reason: string) => {
      const { connection } = sessionIn(leech);
      const close: Action = { type: 'close', connection, reason };
      return turn(checker, leech, { type: 'connected', connection, address, incoming: true }, close);
    };
    expect(accuse('both-complete')).toBeUndefined();
    expect(accuse('sent-corrupt-data')).toBe('blames 50.0.0.1, who is honest: sent-corrupt-data');
    // A peer whose disk returns wrong bytes may send them.
    seed.temper.wrongReadPpm = 1;
    turn(checker, seed, woke);
    expect(accuse('sent-corrupt-data')).toBeUndefined();
    expect(accuse('request-out-of-range')).toMatch(/who is honest/);
  });

  it('liars-stay-out reports a banned peer that is let in or dialed while the ban lasts', () => {
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

  it('liars-stay-out reports a peer from a household that was banned lately, twice as long after the second offence', () => {
    const checker = liarsStayOut();
    const { hostBanFirstMs } = leech.engine.usage.limits;
    let nowMs = world.nowMs;
    const tell = (fact: Fact, ...actions: Action[]) =>
      checker.onTurn!({ world, peer: leech, fact, actions, nowMs });
    const report = (type: 'peer-connected' | 'peer-dropped', port: number): Action => ({
      type: 'report',
      report: { type, torrent, address: { host: '172.16.0.9', port }, reason: 'too-many-messages' } as never,
    });
    const comesIn = (port: number) => {
      const address = { host: '172.16.0.9', port };
      tell({ type: 'connected', connection: port, address, incoming: true });
      return tell(woke, report('peer-connected', port));
    };
    for (const lastsMs of [hostBanFirstMs, 2 * hostBanFirstMs]) {
      expect(tell(woke, report('peer-dropped', 41_001))).toBeUndefined();
      nowMs += lastsMs - 1;
      expect(comesIn(42_001)).toBe('lets 172.16.0.9 in, and a peer there has lied lately');
      const address = { host: '172.16.0.9', port: 1 };
      expect(tell(woke, { type: 'dial', connection: 2, address })).toMatch(/has lied lately$/);
      nowMs += 1;
      expect(comesIn(42_003)).toBeUndefined();
    }
  });

  it('the-proven-are-banned reports the only source of a corrupt piece if it is not banned', () => {
    const dark = new World({ seed: 7, totalBytes: 4 * pieceLength, pieceLength });
    enter(dark, poisoner({ wrongOneIn: 1 }), { name: 'poisoner' });
    const checker = theProvenAreBanned();
    const victim = dark.join();
    let disbelief: Disbelief;
    dark.watch({
      onHandled(peer, fact, actions, nowMs) {
        // The ban is removed before the checker looks.
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

  it('metadata-is-right reports an info dictionary that is not the torrent’s', () => {
    const report = (infoBytes: Uint8Array): Action => ({
      type: 'report',
      report: { type: 'metadata-received', torrent, infoBytes, peers: [] },
    });
    expect(turn(metadataIsRight(), leech, woke, report(world.infoBytes))).toBeUndefined();
    expect(turn(metadataIsRight(), leech, woke, report(world.infoBytes.slice(1)))).toBeDefined();
  });
});

describe('accounts', () => {
  it('sent-is-received-or-in-flight reports a byte that vanishes', () => {
    expect(sentIsReceivedOrInFlight().inspect!(seed)).toBeUndefined();
    [...seed.host.ends][0]!.sentBytes += 1;
    expect(sentIsReceivedOrInFlight().inspect!(seed)).toMatch(/^connection \d+: sent \d+ bytes/);
  });

  it('unread-is-counted reports flushed bytes that were not counted', () => {
    const checker = unreadIsCounted();
    const { connection } = sessionIn(seed);
    // The checker starts in the middle of the run: it does not know of bytes sent before.
    const flushed: Fact = { type: 'flushed', connection, bytes: 12 };
    expect(turn(checker, seed, flushed)).toMatch(/-12 bytes are unread/);
  });

  it('downloaded-is-somewhere reports a piece that was stored twice', () => {
    const checker = downloadedIsSomewhere();
    const fresh = world.join();
    const stored = (pieceIndex: number) => ({ type: 'piece-stored', torrent, pieceIndex }) as Fact;
    turn(checker, fresh, { type: 'added', spec: {} as never });
    world.watch({ onHandled: (peer, fact) => void (peer === fresh && turn(checker, peer, fact)) });
    world.runUntil(() => fresh.status.haveCount > 5, minuteMs);
    expect(checker.inspect!(fresh)).toBeUndefined();
    turn(checker, fresh, stored(0));
    expect(checker.inspect!(fresh)).toMatch(/^downloaded \d+ bytes/);
  });
});
