/** Formats notices, one line each. */
import type { Notice } from '../../../account/live-news.ts';
import { calledAs, commandLine } from '../../screen/command-line.ts';
import { paint } from '../../screen/output.ts';
import { plain } from '../making/torrent-summary.ts';
import { timeWords } from './talk-view.ts';

/** `number`: the number by which commands take its release. */
export function noticeLine(notice: Notice, number?: number): string {
  const mark = notice.isRead ? ' ' : paint('green', '•');
  const id = notice.releaseId === undefined ? '' : `  ${paint('dim', plain(notice.releaseId))}`;
  const shown = String(number ?? '').padStart(3);
  return `${shown} ${mark} ${paint('dim', timeWords(notice.madeAtMs))}  ${words(notice)}${id}`;
}

function words({ kind, actor, title, version, text }: Notice): string {
  const who = plain(actor ?? 'somebody');
  const what = paint('bold', plain(title ?? 'something'));
  const why = text === undefined ? '' : `: ${plain(text)}`;
  switch (kind) {
    case 'new-version':
      return `${what} has version ${version ?? '?'}, by ${who}`;
    case 'new-release':
      return `${who} has published ${what}`;
    case 'wish':
      return `Your wish has come true: ${what}, by ${who}`;
    case 'finished':
      return `${who} has all of your ${what}`;
    case 'comment':
      return `${who} has said something about ${what}`;
    case 'direct':
      return `${who} has written to you: ${plain(commandLine(['read', `@${actor ?? ''}`]))}`;
    case 'takedown':
      return `A moderator took down your ${what}${why}`;
    case 'restored':
      return `Your ${what} is back: a moderator restored it`;
    case 'approved':
      return `A moderator approved your ${what}${why}. Publish it again`;
    case 'refused':
      return `A moderator refused your ${what}${why}`;
    case 'report-closed':
      return `Your report about ${what} was dealt with`;
    case 'report':
      return `Reported: ${what}. ${calledAs} admin reports shows why`;
    case 'wrong-passwords':
      return `Wrong passwords were tried for your name${why}. Your key is not affected`;
    case 'waiting':
      return `Blocked content was published, and waits: ${calledAs} admin waiting`;
    default:
      return `${plain(kind)}: ${what}, ${who}`;
  }
}
