/** Stand-ins for the parts of a swarm that are notified of disk troubles: they record their calls. */
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { DiskTrouble } from '../../../../client/engine/contract.ts';
import type { DiskTroubleParts } from '../../../../client/engine/swarm/disk-troubles.ts';
import type { PieceIndex } from '../../../../torrents/geometry.ts';

export const pieceCount = 5;

export class Hearers {
  log: string[] = [];
  readonly have = new Set<PieceIndex>();
  readonly wanted = new Set<PieceIndex>([0, 1, 2, 3, 4] as PieceIndex[]);
  readonly sessions = new Map<number, PeerSession>();
  readonly scheduler: { paused: boolean | 'held' } = { paused: false };
  readonly server = { trouble: undefined as DiskTrouble | undefined };
  isOffline = false;
  fetchingCount = 0;
  isNews = false;

  /** Wanted and not stored. */
  lacks(pieceIndex: PieceIndex): boolean {
    return this.wanted.has(pieceIndex) && !this.have.has(pieceIndex);
  }

  get isComplete(): boolean {
    return [...this.wanted].every((one) => this.have.has(one));
  }

  parts(): DiskTroubleParts {
    const say = (words: string) => this.log.push(words);
    const { have, sessions, scheduler, server } = this;
    const hasAll = () => have.size === pieceCount;
    const isOffline = () => this.isOffline;
    const fetchingCount = () => this.fetchingCount;
    const isComplete = () => this.isComplete;
    return {
      ledger: {
        get hasAll() {
          return hasAll();
        },
        get fetchingCount() {
          return fetchingCount();
        },
        has: (one: PieceIndex) => have.has(one),
        lost: (one: PieceIndex) => have.delete(one),
        dataBytes: (one: PieceIndex) => 10 + one,
      },
      selection: {
        get isComplete() {
          return isComplete();
        },
        lacks: (one: PieceIndex) => this.lacks(one),
        onLost: (one: PieceIndex) => say(`selection lost ${one}`),
        priority: (one: PieceIndex) => one,
      },
      picker: {
        restore: (one: PieceIndex) => say(`restore ${one}`),
        select: (priorityOf: (one: PieceIndex) => number) => say(`select ${priorityOf(3 as PieceIndex)}`),
      },
      scheduler: Object.assign(scheduler, {
        deadlines: { wait: (one: PieceIndex) => say(`wait ${one}`) },
        fillAll: () => say('fill'),
        dropUnwanted: (isWanted: (one: PieceIndex) => boolean) => say(`drop ${!isWanted(1 as PieceIndex)}`),
      }),
      server: Object.assign(server, {
        onUnreadable: () => this.isNews,
        onLost: (_: unknown, lost: ReadonlySet<PieceIndex>) => say(`server lost ${[...lost]}`),
      }),
      peers: {
        get isOffline() {
          return isOffline();
        },
        sessions,
        goOffline: () => {
          this.isOffline = true;
        },
        comeOnline: () => {
          this.isOffline = false;
        },
        report: ({ type, ...rest }: { readonly type: string }) => say(`${type} ${JSON.stringify(rest)}`),
        drop: (session: PeerSession, reason: string) => say(`${reason} ${session.connection}`),
        onIncomplete: () => say('incomplete'),
      },
      wantMore: () => say('want more'),
    } as unknown as DiskTroubleParts;
  }
}
