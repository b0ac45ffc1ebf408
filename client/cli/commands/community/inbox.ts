/**
 * `cicada inbox`: prints the user's notices; with --follow as they arrive, and with --download it fetches
 * their releases.
 */
import * as talk from '../../../../tracker/protocol/api/talk-shapes.ts';
import type { TrackerAccount } from '../../../account/account.ts';
import { type LiveNewsOptions, liveNews, type Notice } from '../../../account/live-news.ts';
import { badOption, codeOf } from '../../cli-error.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { downloadLimitOption, portOption, uploadLimitOption } from '../../options/network-options.ts';
import { ListedNotices } from '../../results/listed-notices.ts';
import { calledAs } from '../../screen/command-line.ts';
import { interruption } from '../../screen/interruption.ts';
import type { Output } from '../../screen/output.ts';
import { withSession } from '../../transfer/client-session.ts';
import { openNoticeFetcher } from '../../transfer/notice-fetcher.ts';
import { TransferVoice } from '../../transfer/transfer-voice.ts';
import { accountOptions, withAccount } from '../account/account-session.ts';
import { noticeLine } from './notice-view.ts';

const noticePage = talk.talk(talk.notice);
/** The number of notices in one response. */
const rowsMax = 50;

export default defineCommand({
  usage: 'inbox',
  describe: 'Read your notices: new versions, fulfilled wishes, messages',
  positionals: {},
  options: {
    follow: { type: 'boolean', describe: 'Keep showing new notices until Ctrl-C' },
    download: {
      type: 'boolean',
      describe: 'With --follow: fetch new versions of followed releases, and wishes made with --download',
    },
    out: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      default: '.',
      describe: 'Folder for --download; an earlier version in it becomes the new one',
    },
    keep: { type: 'boolean', describe: 'Do not mark notices as read' },
    ...portOption,
    ...downloadLimitOption,
    ...uploadLimitOption,
    ...accountOptions,
  },
  examples: [
    [
      'inbox',
      `the last fifty, those that are new marked; then ${calledAs} get 2 fetches what number 2 is about`,
    ],
    ['inbox --follow', 'and what comes from now on'],
    ['inbox --follow --download -o ~/Music', 'keeps what you follow up to date, and gives it on'],
  ],

  async run({ follow = false, download = false, out: folder, keep = false, ...args }, output) {
    if (download && !follow) throw badOption('--download goes with --follow: it is for what comes');
    const signal = interruption();
    return await withAccount(args, async (account, { stateFolder }) => {
      const told = await account.call({ path: '/notices', query: { limit: rowsMax }, answer: noticePage });
      const notices = told.rows.toReversed();
      const numbers = new ListedNotices(stateFolder, account.url);
      for (const notice of notices) numbers.add(notice);
      await numbers.save();
      if (!follow) output.document({ notices: notices.map(numbers.numbered), hasMore: told.hasMore });
      for (const notice of notices) output.data(noticeLine(notice, numbers.of(notice)));
      if (notices.length === 0) output.remark('Nothing has happened yet.');
      if (!keep) await markRead(account, notices.at(-1));
      if (!follow) return exitCode.done;
      const after = notices.at(-1)?.id;
      const live = { signal, keep, numbers, ...(after !== undefined && { after }) };
      if (!download) {
        await tellNews(account, live, notices, () => {}, output);
        return exitCode.done;
      }
      return await withSession({ ...args, remembers: true }, output, async (session) => {
        new TransferVoice(session, output);
        const fetcher = openNoticeFetcher(session, account, { folder, stateFolder, signal }, output);
        const take = (notice: Notice) => fetcher.take(notice);
        // Notices that arrived while the program was not running.
        for (const notice of notices) if (!notice.isRead) take(notice);
        await Promise.race([tellNews(account, live, notices, take, output), fetcher.ended]);
        return exitCode.done;
      });
    });
  },
});

async function tellNews(
  account: TrackerAccount,
  { keep, numbers, ...live }: LiveNewsOptions & { readonly keep: boolean; readonly numbers: ListedNotices },
  known: readonly Notice[],
  onNotice: (notice: Notice) => void,
  output: Output,
): Promise<void> {
  const told = new Set(known.map(({ id }) => id));
  let last = known.at(-1);
  const tell = async (notice: Notice) => {
    if (told.has(notice.id)) return;
    told.add(notice.id);
    last = notice;
    numbers.add(notice);
    await numbers.save();
    output.document({ event: 'notice', notice: numbers.numbered(notice) });
    output.data(noticeLine(notice, numbers.of(notice)));
    if (!keep) await markRead(account, notice);
    onNotice(notice);
  };
  for await (const news of liveNews(account, live)) {
    if (news.type === 'notice') await tell(news.notice);
    if (news.type !== 'listening' && news.type !== 'reload') continue;
    // Notices may arrive between the page and the stream, or while the stream is broken and has no event id
    // to resume from.
    for (const notice of await noticesAfter(account, last)) await tell(notice);
    if (news.type === 'listening') output.document({ event: 'listening' });
  }
}

/** Oldest first. */
async function noticesAfter(account: TrackerAccount, last: Notice | undefined): Promise<Notice[]> {
  const look = (query: { readonly after?: string }) =>
    account.call({ path: '/notices', query: { limit: rowsMax, ...query }, answer: noticePage });
  try {
    return (await look(last === undefined ? {} : { after: last.id })).rows.toReversed();
  } catch (error) {
    if (codeOf(error) !== 'cursor-invalid') throw error;
    // The tracker has lost its key, so old ids are invalid: all notices have new ids.
    return (await look({})).rows.toReversed().filter(({ isRead }) => !isRead);
  }
}

async function markRead(account: TrackerAccount, last: Notice | undefined): Promise<void> {
  if (last === undefined) return;
  await account.call({ method: 'POST', path: '/notices/read', body: { upToId: last.id } });
}
