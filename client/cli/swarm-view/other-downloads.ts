/**
 * Messages about other downloads on this machine that write to the same place: which one is waited for, and
 * that some cannot be seen.
 */
import { basename } from 'node:path';
import { hex } from '../../../torrents/byte-text.ts';
import type { Metainfo } from '../../../torrents/metainfo/metainfo.ts';
import { count } from '../../../torrents/wording.ts';
import { holderName } from '../../host/claims/claim-error.ts';
import type { ClaimWait } from '../../host/claims/download-claim.ts';
import { plain } from '../commands/making/torrent-summary.ts';
import { errorWords } from '../error-words.ts';
import type { Output } from '../screen/output.ts';
import type { DownloadView } from './download-view.ts';

export class OtherDownloads {
  readonly #view: DownloadView;
  readonly #output: Output;
  #isUnguarded = false;

  constructor(view: DownloadView, output: Output) {
    this.#view = view;
    this.#output = output;
  }

  /** Undefined: the wait is over. */
  onWait(metainfo: Metainfo, wait: ClaimWait | undefined): void {
    const infoHash = hex(metainfo.infoHash);
    if (wait === undefined) {
      this.#view.waits.delete(infoHash);
      return this.#output.document({ event: 'waited', infoHash });
    }
    const words = waitWords(metainfo, wait);
    this.#view.waits.set(infoHash, words);
    const { path, files, holder } = wait;
    this.#output.document({ event: 'waiting', infoHash, path, files, holder });
    this.#output.remark(words);
  }

  /** Reported once. */
  onUnguarded(error: unknown): void {
    if (this.#isUnguarded) return;
    this.#isUnguarded = true;
    const message = errorWords(error);
    this.#output.document({ event: 'unguarded', message });
    this.#output.remark(
      `Other Cicada programs on this machine cannot be seen (${plain(message)}): ` +
        'let no second one fetch into the same folder.',
    );
  }
}

function waitWords({ name }: Metainfo, { path, files, holder }: ClaimWait): string {
  const first = plain(basename(path));
  const what = files === 1 ? first : `${first} and ${count(files - 1, 'other file')}`;
  return `${plain(name)} waits for ${what}, which ${holderName(holder)} is fetching to the same place.`;
}
