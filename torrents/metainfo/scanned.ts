/** Faults of the bencoding of a torrent file, as MetainfoError and as warnings. */
import { BencodeError, type BValue } from '../bencode/bencode.ts';
import { MetainfoError, type Warnings } from './metainfo-fields.ts';

/** Throws MetainfoError with the code of the BencodeError. */
export function scanned(read: () => BValue): BValue {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    const hint = error.code === 'bencode-truncated' ? 'the file is cut short' : 'the file is damaged';
    throw new MetainfoError(error.code, `this is no valid torrent, ${hint}: ${error.message}`, error);
  }
}

export function warnOfKeyOrder(dict: BValue, warnings: Warnings): void {
  if (dict.keyOrder === 'duplicate')
    warnings.add('keys-duplicate', 'a key is there twice: the first one counts');
  else if (dict.keyOrder === 'unsorted')
    warnings.add('keys-unsorted', 'the keys of a dictionary are not in order');
}
