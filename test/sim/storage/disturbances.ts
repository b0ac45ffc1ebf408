/** When others act on the files of a download: at a moment, or right before a call of the program. */
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import type { DiskLook } from './storage-checks.ts';
import { type Deed, deeds, type Strangers } from './strangers.ts';

/** A deed, any if none is given, on one of the files, in any of its places. */
export function disturb(
  strangers: Strangers,
  look: DiskLook,
  { files }: PreparedDownload,
  given?: Deed,
  name?: string,
): void {
  const { random } = strangers;
  const real = files.files.filter((file) => file !== undefined);
  const of =
    name === undefined
      ? []
      : real.filter((f) => [f.partPath, f.finalPath].some((at) => at.endsWith(`/${name}`)));
  const choice = of.length > 0 ? of : real;
  const file = choice[random.below(choice.length)]!;
  const paths = [files.pathOf(file), files.pathOf(file), file.partPath, file.finalPath];
  const at = paths[random.below(of.length > 0 && given !== 'put' ? 2 : paths.length)]!;
  const deed = given ?? deeds[random.below(deeds.length)]!;
  // Nothing else is called like a side file.
  if (file.state === 'side' && at !== file.partPath && strange.includes(deed)) return;
  const isFinal = at === file.finalPath || look.at(at) === look.at(file.finalPath);
  strangers.act(deed, at, isFinal);
}

const strange: readonly Deed[] = ['put', 'replace', 'recreate', 'copy'];

/** While no program runs. */
export function disturbAtRest(strangers: Strangers, look: DiskLook): void {
  const { random } = strangers;
  const { paths } = look;
  const there = paths.filter((at) => look.at(at) !== undefined);
  const among = there.length > 0 && random.below(4) > 0 ? there : paths;
  const at = among[random.below(among.length)]!;
  strangers.act(deeds[random.below(deeds.length)]!, at, !at.endsWith('.part'));
}

/** Others are faster: another file lies where the program is about to look. */
export function ambush(strangers: Strangers, look: DiskLook, call: string, at: string): void {
  // Between a look at a name and its change others always fit.
  if (call !== 'open' && call !== 'exists') return;
  const name = at.slice(at.lastIndexOf('/') + 1);
  const path = look.paths.find((path) => path.endsWith(`/${name}`));
  if (path !== undefined) strangers.ambush(path);
}
