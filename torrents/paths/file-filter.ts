/** Selects files by patterns of their names, as users type them: `*.flac`, `CD1/*`. */
import { matchesGlob } from 'node:path';

/**
 * Selects the files that match one of `include` (if it is empty: all) and none of `exclude`. A pattern
 * without a slash is compared with the file's own name only.
 */
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
