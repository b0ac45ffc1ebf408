/** Messages about shared releases whose state at their tracker has changed. */
import type { StandingTrouble } from '../../session/shares/share-standing.ts';
import { codeOf } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import type { Output } from '../screen/output.ts';

/** `url`: the tracker's URL. */
export function tellStanding(
  { release, trouble }: StandingTrouble,
  url: string,
  output: Pick<Output, 'document' | 'remark'>,
): void {
  const code = trouble instanceof Error ? codeOf(trouble) : trouble;
  const message = wordsOf(release?.album ?? '', trouble, url);
  output.document({ event: 'trouble', release: release?.id ?? null, code, message });
  output.remark(plain(message));
}

function wordsOf(album: string, trouble: StandingTrouble['trouble'], url: string): string {
  if (trouble === 'withdrawn') return `${album} was withdrawn at ${url}: it is no longer in the catalogue`;
  if (trouble === 'announce-url-renewed')
    return `${album}: the announce URLs of your account at ${url} were renewed; stop sharing and start it again`;
  const message = errorWords(trouble);
  switch (codeOf(trouble)) {
    case 'account-banned':
      return `${url}: ${message}; it no longer sends peers to you`;
    case 'tracker-unreachable':
      return `The tracker does not answer, and is asked again soon: ${message}`;
    default:
      return `${url}: ${message}`;
  }
}
