/** Files by patterns of their names, as people type them: `*.flac`, `CD1/*`. */
import { matchesGlob } from 'node:path';

/** Files that match one of `include` (without any: all), and none of `exclude`. A glob without a slash is about the file's own name. */
export function fileFilter(
  include: readonly string[],
  exclude: readonly string[],
): (components: readonly string[]) => boolean {
  const matches = (components: readonly string[], glob: string) =>
    matchesGlob(glob.includes('/') ? components.join('/') : components.at(-1)!, glob);
  return (components) =>
    (include.length === 0 || include.some((glob) => matches(components, glob))) &&
    !exclude.some((glob) => matches(components, glob));
}
