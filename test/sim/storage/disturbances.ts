/** When others act on the files of a download: at a moment, or right before a call of the program. */
import type { PreparedDownload } from '../../../client/host/download-folder.ts';
import type { DiskLook } from './storage-checks.ts';
import { deeds, type Strangers } from './strangers.ts';

/** One of the files, in any of its places. */
export function disturb(strangers: Strangers, look: DiskLook, { files }: PreparedDownload): void {
  const { random } = strangers;
  const real = files.files.filter((file) => file !== undefined);
  const file = real[random.below(real.length)]!;
  const paths = [files.pathOf(file), files.pathOf(file), file.partPath, file.finalPath];
  const at = paths[random.below(paths.length)]!;
  const deed = deeds[random.below(deeds.length)]!;
  // Nothing else is called like a side file.
  if (file.state === 'side' && at !== file.partPath && (deed === 'put' || deed === 'replace')) return;
  const isFinal = at === file.finalPath || look.at(at) === look.at(file.finalPath);
  strangers.act(deed, at, isFinal);
}

/** Others are faster: another file lies where the program is about to look. */
export function ambush(strangers: Strangers, look: DiskLook, call: string, at: string): void {
  // Between a look at a name and its change others always fit.
  if (call !== 'open' && call !== 'exists') return;
  const name = at.slice(at.lastIndexOf('/') + 1);
  const path = look.paths.find((path) => path.endsWith(`/${name}`));
  if (path !== undefined) strangers.ambush(path);
}
