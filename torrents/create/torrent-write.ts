/** Writes a torrent file whole or not at all, with plain messages for errors. */
import { writeWhole } from '../whole-file.ts';
import { CreateError } from './create-error.ts';

/** Throws CreateError: `exists` (unless forced), `create-disk-full` or `create-write`. */
export async function writeTorrentFile(
  path: string,
  bytes: Uint8Array,
  { force = false }: { readonly force?: boolean } = {},
): Promise<void> {
  try {
    await writeWhole(path, bytes, { replace: force });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') {
      throw new CreateError('exists', `${path} exists already`, path, error);
    }
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new CreateError('create-disk-full', `${path} cannot be written: the disk is full`, path, error);
    }
    throw new CreateError('create-write', `${path} cannot be written (${code ?? message})`, path, error);
  }
}
