/**
 * What people are told of a torrent whose own name is hidden: under which name it goes to the disk (path-rules.ts), and
 * what an earlier Cicada, which knew no such rule, has put under the hidden one.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Metainfo } from '../../../../torrents/metainfo/metainfo.ts';
import { ResumeStore } from '../../../host/resume/resume-store.ts';
import { stateFolder } from '../../options/user-folders.ts';
import { quoted } from '../../screen/command-line.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from '../making/torrent-summary.ts';

/** Before anything is fetched. */
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

/** Behind the place where it lies, when it is not called there as in the torrent. */
export function hiddenNameWords(metainfo: Metainfo): string {
  return isHidden(metainfo) ? `  (in the torrent: ${plain(metainfo.name)})` : '';
}

function isHidden({ layout }: Metainfo): boolean {
  return layout.rootName !== layout.ownRootName;
}

/** What lies there by our own record, and where it belongs now. */
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
