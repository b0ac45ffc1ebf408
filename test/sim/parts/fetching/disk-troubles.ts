/**
 * How a torrent reacts to its disk. The model has what is refused, lost and absent, since when, and until
 * when requests pause. Stand-ins for the other parts of the swarm record their calls, which are compared.
 */
import type { Interest } from '../../../../client/engine/connection/interest.ts';
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { DiskTrouble } from '../../../../client/engine/contract.ts';
import { defaultLimits } from '../../../../client/engine/limits.ts';
import type { InitialSeeding } from '../../../../client/engine/serving/initial-seeding.ts';
import { DiskTroubles } from '../../../../client/engine/swarm/disk-troubles.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';
import { agree, agreeOnAll, Clock, type SteppedPart } from '../step.ts';
import { Hearers, pieceCount } from './hearers.ts';

export const diskTroubles: SteppedPart = {
  name: 'disk-troubles',
  begin(random) {
    const diskRetryMs = 1 + random.below(500);
    const limits = {
      ...defaultLimits,
      ...{ diskRetryMs, lossRetryMaxMs: 3 * diskRetryMs, lossRoundMs: 1 + random.below(1_000) },
    };
    const swarm = new Hearers();
    const say = (words: string) => swarm.log.push(words);
    const troubles = new DiskTroubles(
      swarm.parts(),
      {
        onLost: (_: unknown, lost: ReadonlySet<PieceIndex>) => say(`interest lost ${[...lost]}`),
      } as unknown as Interest,
      { forget: () => say('forget') } as unknown as InitialSeeding,
      limits,
    );
    const clock = new Clock(random);
    const believes = new Map<number, Set<PieceIndex>>();
    let refusal: DiskTrouble | undefined;
    let loss: DiskTrouble | undefined;
    let absence: DiskTrouble | undefined;
    let lacked = new Set<PieceIndex>();
    let [retryMs, roundMs, isRoundDue] = [0, 0, false];
    let paused: boolean | 'held' = false;
    let waitMs = 0;
    let storedMs: number | undefined;
    const pause = (how: true | 'held', forMs: number) => {
      paused = paused === 'held' ? 'held' : how;
      retryMs = Math.max(retryMs, clock.nowMs + forMs);
    };
    const endLoss = () => {
      lacked = new Set([...lacked].filter((one) => swarm.lacks(one)));
      if (lacked.size === 0) loss = undefined;
    };
    /** Peers that lack a lost piece and still believe that we have it. */
    const letGo = (): string[] => {
      if (!isRoundDue || clock.nowMs < roundMs) return [];
      isRoundDue = false;
      const misled = [...swarm.sessions.values()].filter(({ connection, pieces }) =>
        [...believes.get(connection)!].some((one) => !pieces.has(one)),
      );
      if (misled.length > 0) roundMs = clock.nowMs + limits.lossRoundMs;
      return misled.map(({ connection }) => `pieces-lost ${connection}`);
    };
    const lose = (pieces: readonly PieceIndex[], trouble: DiskTrouble): string[] => {
      const lost = [...new Set(pieces.filter((one) => swarm.have.has(one)))];
      if (lost.length === 0) return [];
      const [wasComplete, hadAll] = [swarm.isComplete, swarm.have.size === pieceCount];
      const left = new Set([...swarm.have].filter((one) => !lost.includes(one)));
      const isComplete = [...swarm.wanted].every((one) => left.has(one));
      for (const one of lost) if (swarm.wanted.has(one)) lacked.add(one);
      if (trouble.code === 'EIO') {
        const isSettled =
          waitMs === 0 || (storedMs !== undefined && clock.nowMs - storedMs >= limits.lossRoundMs);
        waitMs = isSettled ? diskRetryMs : Math.min(limits.lossRetryMaxMs, 2 * waitMs);
        storedMs = undefined;
        pause('held', waitMs);
      }
      loss = lacked.size > 0 ? trouble : undefined;
      isRoundDue = true;
      for (const wrong of believes.values()) for (const one of lost) wrong.add(one);
      const report = {
        pieceCount: lost.length,
        bytes: lost.reduce((sum, one) => sum + 10 + one, 0),
        trouble,
      };
      return [
        ...lost.flatMap((one) => [`selection lost ${one}`, `restore ${one}`, `wait ${one}`]),
        ...[
          'forget',
          `pieces-lost ${JSON.stringify(report)}`,
          `interest lost ${lost}`,
          `server lost ${lost}`,
        ],
        ...letGo(),
        ...(hadAll ? ['incomplete'] : []),
        ...(wasComplete && !isComplete ? ['want more'] : []),
        ...(isComplete ? [] : ['fill']),
      ];
    };
    const come = (connection: number) => {
      const has = new Set([0, 1, 2, 3, 4].filter(() => random.below(2) === 0));
      const pieces = { has: (one: number) => has.has(one) };
      const session = { connection, pieces } as unknown as PeerSession;
      swarm.sessions.set(connection, session);
      believes.set(connection, new Set());
      troubles.onTold(session);
    };
    return () => {
      clock.goOn([limits.lossRoundMs, diskRetryMs], [retryMs, roundMs]);
      swarm.log = [];
      let meant: string[] = [];
      const pieceIndex = random.below(pieceCount) as PieceIndex;
      const code = ['EIO', 'ENOENT'][random.below(2)]!;
      const trouble = { code, message: `${random.below(100)}` };
      const words = () => JSON.stringify({ trouble });
      const way = random.below(14);
      if (way < 4) {
        if (swarm.have.has(pieceIndex)) return;
        swarm.have.add(pieceIndex);
        troubles.onStored(pieceIndex, clock.nowMs);
        refusal = undefined;
        storedMs ??= clock.nowMs;
        for (const wrong of believes.values()) wrong.delete(pieceIndex);
        // Nothing was lost of late, or not this: what is shown stays.
        if (lacked.has(pieceIndex)) endLoss();
      } else if (way < 6) {
        const pieces = [pieceIndex, random.below(pieceCount) as PieceIndex];
        meant = lose(pieces, trouble);
        troubles.onLost(pieces, trouble, clock.nowMs);
      } else if (way === 6) {
        pause(true, diskRetryMs);
        meant = refusal?.code === code ? [] : [`disk-trouble ${words()}`];
        refusal = trouble;
        troubles.onRefused(trouble, clock.nowMs);
      } else if (way < 9) {
        if (clock.nowMs >= retryMs) paused = false;
        meant = letGo();
        troubles.tick(clock.nowMs);
      } else if (way === 9) {
        if (!swarm.wanted.delete(pieceIndex)) swarm.wanted.add(pieceIndex);
        troubles.onSelected();
        endLoss();
      } else if (way === 10) {
        if (random.below(2) === 0) come(random.below(4));
        else swarm.server.trouble = random.below(2) === 0 ? trouble : undefined;
      } else if (way === 11) {
        swarm.isNews = random.below(2) === 0;
        if (swarm.isNews) meant = [`disk-trouble ${words()}`];
        troubles.onUnreadable(1, trouble, clock.nowMs);
      } else if (way === 12) {
        const wasOffline = swarm.isOffline;
        swarm.fetchingCount = random.below(2);
        if (!wasOffline) {
          absence = trouble;
          meant = [
            ...(swarm.fetchingCount > 0 ? ['drop true', 'select 3'] : []),
            `content-offline ${words()}`,
          ];
        }
        agree('whether it goes offline', troubles.goOffline(trouble, clock.nowMs), !wasOffline);
      } else {
        meant = swarm.isOffline ? ['content-online {}'] : [];
        absence = undefined;
        troubles.comeOnline(clock.nowMs);
        agree('whether it is offline', swarm.isOffline, false);
      }
      agreeOnAll('what others are told', swarm.log, meant);
      agree(
        'the trouble that is shown',
        troubles.current,
        absence ?? refusal ?? loss ?? swarm.server.trouble,
      );
      agree('whether nothing is asked for', swarm.scheduler.paused, paused);
    };
  },
};
