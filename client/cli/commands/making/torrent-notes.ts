/** What is odd about a torrent and does no harm: said once, before it is used. In the JSON it is `warnings`. */
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from './torrent-summary.ts';

/** A hidden name is told of where it is fetched (hidden-name.ts): it says nothing about a folder that is there. */
export function tellWarnings({ name, warnings }: Metainfo, output: Output): void {
  for (const { code, message } of warnings) {
    if (code !== 'name-hidden') output.remark(`Note: ${plain(name)}: ${plain(message)}.`);
  }
}
