/** Messages about a shared folder that has a problem, or cannot be shared. */
import type { TroubleOutlook } from '../../session/shares/share-trouble.ts';
import { codeOf } from '../cli-error.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import type { Output } from '../screen/output.ts';

const nextWords: Readonly<Record<TroubleOutlook, string>> = {
  'tried-again': 'it is tried again',
  'not-seeded': 'it is not seeded any more',
  'looked-at-again': 'it is looked at again',
};

export function tellTrouble(error: unknown, path: string, next: TroubleOutlook, output: Output): void {
  const message = errorWords(error);
  output.document({ event: 'trouble', path, code: codeOf(error), message });
  output.remark(`${plain(path)}: ${plain(message)}; ${nextWords[next]}`);
}
