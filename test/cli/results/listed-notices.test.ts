/** The numbers of an inbox: commands take a release by them, as by the number of a search result. */
import { expect, it } from 'vitest';
import type { Notice } from '../../../client/account/live-news.ts';
import { noticeLine } from '../../../client/cli/commands/community/notice-view.ts';
import { loadResults, resultsMax, saveResults } from '../../../client/cli/results/last-results.ts';
import { ListedNotices } from '../../../client/cli/results/listed-notices.ts';
import { resultsAt } from '../../../client/cli/results/release-names.ts';
import { temporaryFolder } from '../run-cicada.ts';

const tracker = 'http://127.0.0.1:6969';
const notice = (id: string, releaseId?: string): Notice =>
  ({
    id,
    kind: 'new-release',
    actor: 'ada',
    madeAtMs: 0,
    isRead: false,
    ...(releaseId && { releaseId }),
  }) as Notice;

it('a notice about a release has the next number, and that number means the release', async () => {
  const state = temporaryFolder();
  const listed = new ListedNotices(state, tracker);
  const notices = [
    notice('a', 'a'.repeat(26)),
    notice('b'),
    notice('c', 'c'.repeat(26)),
    notice('d', 'a'.repeat(26)),
  ];
  for (const each of notices) listed.add(each);
  await listed.save();
  expect(notices.map((each) => listed.of(each))).toEqual([1, undefined, 2, 3]);
  const { results } = await resultsAt('2', state);
  expect(results).toEqual([{ releaseId: 'c'.repeat(26), song: undefined }]);
  expect(noticeLine(notices[2]!, 2)).toMatch(/^ {2}2 /);
  expect(listed.numbered(notices[1]!)).toMatchObject({ number: null, id: 'b' });
});

it('a later notice gets the next number; a repeated notice keeps its number', async () => {
  const state = temporaryFolder();
  const listed = new ListedNotices(state, tracker);
  listed.add(notice('a', 'a'.repeat(26)));
  await listed.save();
  listed.add(notice('a', 'a'.repeat(26)));
  listed.add(notice('b', 'b'.repeat(26)));
  await listed.save();
  expect((await loadResults(state))?.rows).toHaveLength(2);
});

it('an inbox without releases keeps the list of the last search', async () => {
  const state = temporaryFolder();
  await saveResults(state, { tracker, rows: [{ releaseId: 'z'.repeat(26), song: undefined }] });
  const listed = new ListedNotices(state, tracker);
  listed.add(notice('a'));
  await listed.save();
  expect((await loadResults(state))?.rows).toHaveLength(1);
});

it('an inbox that is followed for months numbers no more than the maximum of results', () => {
  const listed = new ListedNotices(temporaryFolder(), tracker);
  for (let i = 0; i <= resultsMax; i++) listed.add(notice(String(i), 'a'.repeat(26)));
  expect(listed.of(notice(String(resultsMax)))).toBeUndefined();
});
