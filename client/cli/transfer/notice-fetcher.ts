/**
 * Messages about releases that are downloaded because of notices. The session does the downloading
 * (notice-fetcher.ts there).
 */
import type { TrackerAccount } from '../../account/account.ts';
import { NoticeFetcher, type NoticeFetcherOptions } from '../../session/releases/notice-fetcher.ts';
import type { Session } from '../../session/session.ts';
import { codeOf } from '../cli-error.ts';
import { errorWords } from '../error-words.ts';
import { tellRelease } from '../results/catalogue-source.ts';
import type { Output } from '../screen/output.ts';
import { tellBefore, tellFetch, watchFetches } from './fetching.ts';

export function openNoticeFetcher(
  session: Session,
  account: TrackerAccount,
  options: NoticeFetcherOptions,
  output: Output,
): NoticeFetcher {
  const { folder, signal } = options;
  return new NoticeFetcher(session, account, options, {
    onRelease: (wanted) => tellRelease(wanted, output),
    onTurn: async (metainfo) => {
      await tellBefore(metainfo, folder, output);
      return {};
    },
    onFetching: (transfer, { torrent: { metainfo }, trust }, fetched) =>
      watchFetches(session, signal, output, (view) =>
        tellFetch(
          { transfer, wanted: { metainfo, trust }, fetched },
          view,
          { onDone: undefined, signal },
          output,
        ),
      ),
    onFailed: (error) => output.failure(codeOf(error), errorWords(error)),
  });
}
