/**
 * Messages about a torrent whose own name is hidden: the name that it gets on the disk (path-rules.ts), and
 * files that an earlier Cicada without this rule wrote under the hidden name.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { ResumeStore } from '../../../host/resume/resume-store.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { quoted } from '../../screen/command-line.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from '../making/torrent-summary.ts';

/** Call before the download starts. */
export async function tellHiddenName(metainfo: Metainfo, folder: string, output: Output): Promise<void> {
  const { rootName, ownRootName } = metainfo.layout;
  if (!isHidden(metainfo)) return;
  output.remark(
    `${plain(metainfo.name)} is a hidden name: here it is called ${plain(rootName)}, and nothing goes into a hidden folder.`,
  );
  for (const [from, to] of await begunBefore(metainfo, folder)) {
    output.remark(
      `An earlier Cicada put it under ${plain(ownRootName)}, and that stays as it is. To go on with it, stop, and:\n` +
        `  mv ${quoted(from)} ${quoted(to)}`,
    );
  }
}

/** Follows the path in a message when the name on the disk differs from that in the torrent. */
export function hiddenNameWords(metainfo: Metainfo): string {
  return isHidden(metainfo) ? `  (in the torrent: ${plain(metainfo.name)})` : '';
}

function isHidden({ layout }: Metainfo): boolean {
  return layout.rootName !== layout.ownRootName;
}

/** The earlier files according to our own record, and their new place. */
async function begunBefore(
  { infoHash, files, layout }: Metainfo,
  folder: string,
): Promise<[string, string][]> {
  const { rootName, ownRootName, isSingleFile } = layout;
  const store = new ResumeStore(stateFolder());
  const record = await store.load(infoHash, resolve(folder, ownRootName), files.length);
  if (record === undefined) return [];
  const endings = isSingleFile ? ['', '.part'] : [''];
  return endings
    .map((end): [string, string] => [join(folder, ownRootName + end), join(folder, rootName + end)])
    .filter(([from, to]) => existsSync(from) && !existsSync(to));
}
