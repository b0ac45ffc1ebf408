/** The flags of everything that talks to peers. */
import type { Options } from 'yargs';
import { parsePort } from './endpoints.ts';
import { parseRate } from './size-parser.ts';

export const portOption = {
  port: {
    type: 'string',
    requiresArg: true,
    describe: 'Listen for peers here; 6881 to 6899 if left out, 0 for any',
    coerce: (text: string) => parsePort(text, '--port'),
  },
} as const satisfies Record<string, Options>;

export const uploadLimitOption = {
  'upload-limit': {
    type: 'string',
    requiresArg: true,
    describe: 'Give at most so much: 2MiB/s',
    coerce: (text: string) => parseRate(text, '--upload-limit'),
  },
} as const satisfies Record<string, Options>;

export const downloadLimitOption = {
  'download-limit': {
    type: 'string',
    requiresArg: true,
    describe: 'Take at most so much: 5MiB/s',
    coerce: (text: string) => parseRate(text, '--download-limit'),
  },
} as const satisfies Record<string, Options>;

export const peerOption = {
  peer: {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'HOST:PORT of somebody who has it; can be repeated',
  },
} as const satisfies Record<string, Options>;

export const recordOption = {
  record: {
    type: 'string',
    requiresArg: true,
    describe: 'Keep what the engine is told in this new file, for a bug report; it names torrents and peers',
  },
} as const satisfies Record<string, Options>;
