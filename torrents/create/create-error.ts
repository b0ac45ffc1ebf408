/** Why no torrent could be made of a folder. */
import type { FileFault } from '../hashing/reader.ts';

/** `code` is stable: `create-…`, `file-missing`, `file-changed`, `file-unreadable`, or `exists`. */
export class CreateError extends Error {
  override readonly name = 'CreateError';
  readonly code: string;
  /** The file or folder it is about. */
  readonly path: string | undefined;

  constructor(code: string, message: string, path?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.path = path;
  }

  /** From an error of the file system. */
  static ofFile(error: unknown, path: string): CreateError {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return new CreateError('file-missing', `${path} does not exist`, path, error);
    }
    return new CreateError('file-unreadable', `${path} cannot be read (${code ?? message})`, path, error);
  }

  /** From what a worker reports. */
  static ofFault(fault: FileFault): CreateError {
    const what = {
      'file-missing': 'disappeared while it was read',
      'file-changed': `changed while it was read (${fault.reason}): try again when nothing writes to it`,
      'file-unreadable': `cannot be read (${fault.reason})`,
    }[fault.code];
    return new CreateError(fault.code, `${fault.path} ${what}`, fault.path);
  }
}
