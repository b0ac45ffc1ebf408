/** Prints the harmless oddities of a torrent once, before it is used. In the JSON they are `warnings`. */
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from './torrent-summary.ts';

/**
 * hidden-name.ts reports a hidden name when the torrent is fetched: for an existing folder it has no effect.
 */
export function tellWarnings({ name, warnings }: Metainfo, output: Output): void {
  for (const { code, message } of warnings) {
    if (code !== 'name-hidden') output.remark(`Note: ${plain(name)}: ${plain(message)}.`);
  }
}
