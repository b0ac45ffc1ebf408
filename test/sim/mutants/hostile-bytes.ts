/**
 * Deliberate bugs in what reads the bytes of strangers.
 */
import type { Mutant } from './mutant.ts';

export const hostileBytes: readonly Mutant[] = [
  {
    name: 'believe peers that cannot be dialed',
    file: 'tracker/protocol/announce-reply.ts',
    from: '    if (!isDialable(packed, at, addressBytes)) continue;\n',
    to: '',
  },
  {
    name: 'stay away for as long as a tracker says',
    file: 'tracker/protocol/announce-reply.ts',
    from: 'return Math.max(intervalSecondsMin, Math.min(intervalSecondsMax, seconds));',
    to: 'return Math.max(intervalSecondsMin, seconds);',
  },
  {
    name: 'show what drives a terminal',
    file: 'tracker/protocol/reply.ts',
    from: "text.replace(/[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]+/gu, ' ')",
    to: 'text',
  },
  {
    name: 'open a device of Windows',
    file: 'torrents/paths/path-rules.ts',
    from: 'if (isWindowsDevice(name))',
    to: "if (name === '')",
  },
  {
    name: 'take a torrent with too few hashes',
    file: 'torrents/metainfo/metainfo-v1.ts',
    from: 'if (hashes.length !== pieceCount * sha1Bytes) {',
    to: 'if (hashes.length > pieceCount * sha1Bytes) {',
  },
];
