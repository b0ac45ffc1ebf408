/** The error for a folder or file that cannot be made into a torrent. */
import { CodedError } from '../coded-error.ts';
import type { FileFault } from '../hashing/reader.ts';

export const createErrorCodes = [
  'file-missing',
  'file-changed',
  'file-unreadable',
  'create-not-a-file',
  'create-nothing',
  'create-secret',
  'create-name',
  'create-name-not-utf8',
  'create-too-deep',
  'create-too-many-files',
  'create-text',
  'create-url',
  'create-piece-length',
  'create-too-many-pieces',
  'create-too-large',
  'create-over-content',
  'exists',
  'create-disk-full',
  'create-write',
] as const;
export type CreateErrorCode = (typeof createErrorCodes)[number];

export interface CreateErrorFields {
  /** The file or folder with the error. */
  readonly path: string | undefined;
  /** For `file-changed`: the program retries without being asked. */
  readonly isTriedAgain?: boolean;
}

export class CreateError extends CodedError<CreateErrorCode, CreateErrorFields> {
  override readonly name = 'CreateError';

  constructor(
    code: CreateErrorCode,
    message: string,
    path?: string,
    cause?: unknown,
    more: Omit<CreateErrorFields, 'path'> = {},
  ) {
    super(code, message, { path, ...more }, cause);
  }

  get path(): string | undefined {
    return this.fields.path;
  }

  /** From an error of the file system. */
  static ofFile(error: unknown, path: string): CreateError {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      return new CreateError('file-missing', `${path} does not exist`, path, error);
    }
    return new CreateError('file-unreadable', `${path} cannot be read (${code ?? message})`, path, error);
  }

  /** From a fault that a hashing worker reports. */
  static ofFault(fault: FileFault): CreateError {
    const what = {
      'file-missing': 'disappeared while it was read',
      'file-changed': `changed while it was read (${fault.reason})`,
      'file-unreadable': `cannot be read (${fault.reason})`,
    }[fault.code];
    return new CreateError(fault.code, `${fault.path} ${what}`, fault.path);
  }
}
