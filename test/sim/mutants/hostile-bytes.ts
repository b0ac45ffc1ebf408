/** Deliberate bugs in the parsers of bytes from other hosts. */
import type { Mutant } from './mutant.ts';

export const hostileBytes: readonly Mutant[] = [
  {
    name: 'undialable peers of a reply are accepted',
    file: 'tracker/protocol/announce-reply.ts',
    from: '    if (!isDialable(packed, at, addressBytes)) continue;\n',
    to: '',
  },
  {
    name: "a tracker's interval has no upper bound",
    file: 'tracker/protocol/announce-reply.ts',
    from: 'return Math.max(intervalSecondsMin, Math.min(intervalSecondsMax, seconds));',
    to: 'return Math.max(intervalSecondsMin, seconds);',
  },
  {
    name: 'control characters of a reply are kept',
    file: 'tracker/protocol/reply.ts',
    from: "text.replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+/gu, ' ')",
    to: 'text',
  },
  {
    name: 'names of Windows devices are accepted',
    file: 'torrents/paths/path-rules.ts',
    from: 'if (isWindowsDevice(name))',
    to: "if (name === '')",
  },
  {
    name: 'a torrent with too few hashes is accepted',
    file: 'torrents/metainfo/metainfo-v1.ts',
    from: 'if (hashes.length !== pieceCount * sha1Bytes) {',
    to: 'if (hashes.length > pieceCount * sha1Bytes) {',
  },
];
