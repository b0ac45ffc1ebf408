/**
 * Fetches what notices are about, one after the other, and gives it on while the program runs: new versions of what is
 * followed, and wishes that are marked for it.
 *
 * Invariant: of one release one version is under way; the one before is let go of first. What fails is told, and keeps
 * nothing else.
 */
import type { TrackerAccount } from '../../account/account.ts';
import type { Session } from '../../session/session.ts';
import type { Transfer } from '../../session/transfers/transfer.ts';
import { codeOf } from '../cli-error.ts';
import { wishesOf } from '../commands/catalogue/wishes.ts';
import type { Notice } from '../commands/community/notice-view.ts';
import { errorWords } from '../error-words.ts';
import { readRelease } from '../results/catalogue-source.ts';
import type { Output } from '../screen/output.ts';
import { fetchAll } from './fetching.ts';

export interface NoticeFetcher {
  /** Resolves at once: fetching goes on behind it. */
  readonly take: (notice: Notice) => Promise<void>;
  /** Rejects when somebody pressed Ctrl-C in the middle of a download, with what to type to go on. */
  readonly ended: Promise<never>;
}

/** Notices that wait for their turn; more than anybody follows in one night. */
const waitingMax = 1_000;

export function openNoticeFetcher(
  session: Session,
  account: TrackerAccount,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
  output: Output,
): NoticeFetcher {
  const active = new Map<string, Transfer>();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  let waiting = 0;
  let turn: Promise<unknown> = Promise.resolve();

  async function fetchRelease(releaseId: string): Promise<void> {
    const wanted = await readRelease({ account, releaseId, songs: undefined, folder }, output);
    const before = active.get(releaseId);
    if (before !== undefined && Buffer.compare(before.metainfo.infoHash, wanted.metainfo.infoHash) === 0)
      return;
    if (before !== undefined) await session.remove(before);
    active.delete(releaseId);
    const how = { files: {}, sequential: false, spaceCheck: true, onDone: undefined };
    const options = { folder, peers: [], signal, ...how };
    const { transfers } = await fetchAll(session, [wanted], options, output);
    for (const transfer of transfers) active.set(releaseId, transfer);
  }

  async function isWanted({ kind, wishId }: Notice): Promise<boolean> {
    if (kind === 'new-version' || kind === 'new-release') return true;
    if (kind !== 'wish') return false;
    return (await wishesOf(account)).some(({ id, downloads = false }) => id === wishId && downloads);
  }

  return {
    ended,
    take: async (notice) => {
      const { releaseId } = notice;
      if (releaseId === undefined || waiting >= waitingMax) return;
      waiting++;
      turn = turn
        .then(async () => {
          if (!signal.aborted && (await isWanted(notice))) await fetchRelease(releaseId);
        })
        .catch((error: Error) => {
          if (signal.aborted) reject(error);
          else output.failure(codeOf(error), errorWords(error));
        })
        .finally(() => waiting--);
    },
  };
}
