/** Forces the names in a folder to the disk. Some systems cannot; those keep names in order without it. */
import type { FileSystem } from './file-system.ts';
import { orUndefined, type Steps } from './steps.ts';

export function* syncFolder({ later }: FileSystem, folder: string): Steps<void> {
  const handle = yield* orUndefined(later.open(folder, 'read'));
  if (handle === undefined) return;
  yield* orUndefined(handle.sync());
  yield* orUndefined(handle.close());
}
