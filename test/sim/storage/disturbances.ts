/** When other programs act on the files of a download: at a moment, or right before a call of the client. */
import type { PreparedDownload } from '../../../client/host/preparing/download-folder.ts';
import type { DiskLook } from './storage-checks.ts';
import { type Deed, deeds, type Strangers } from './strangers.ts';

/** Applies an action to one of the download's files, at any of its paths. Both are drawn unless given. */
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
  // No other program uses the name of a part file for unwanted data.
  if (file.state === 'side' && at !== file.partPath && strange.includes(deed)) return;
  const isFinal = at === file.finalPath || look.at(at) === look.at(file.finalPath);
  strangers.act(deed, at, isFinal);
}

const strange: readonly Deed[] = ['put', 'replace', 'recreate', 'copy'];

/** Acts while the client does not run. */
export function disturbAtRest(strangers: Strangers, look: DiskLook): void {
  const { random } = strangers;
  const { paths } = look;
  const there = paths.filter((at) => look.at(at) !== undefined);
  const among = there.length > 0 && random.below(4) > 0 ? there : paths;
  const at = among[random.below(among.length)]!;
  strangers.act(deeds[random.below(deeds.length)]!, at, !at.endsWith('.part'));
}

/** Another program acts first: it puts another file where the client is about to look. */
export function ambush(strangers: Strangers, look: DiskLook, call: string, at: string): void {
  // Only before these calls: between inspecting a name and changing it, another program can always interfere.
  if (call !== 'open' && call !== 'exists') return;
  const name = at.slice(at.lastIndexOf('/') + 1);
  const path = look.paths.find((path) => path.endsWith(`/${name}`));
  if (path !== undefined) strangers.ambush(path);
}
