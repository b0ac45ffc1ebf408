/** The flags of all commands that connect to peers. */
import type { Options } from 'yargs';
import { parsePort } from './endpoints.ts';
import { parseRate } from './size-parser.ts';

export const portOption = {
  port: {
    type: 'string',
    requiresArg: true,
    describe: 'Port for peers; default: a free one of 6881 to 6899; 0: any',
    coerce: (text: string) => parsePort(text, '--port'),
  },
} as const satisfies Record<string, Options>;

export const uploadLimitOption = {
  'upload-limit': {
    type: 'string',
    requiresArg: true,
    describe: 'Upload at most this fast: 2MiB/s',
    coerce: (text: string) => parseRate(text, '--upload-limit'),
  },
} as const satisfies Record<string, Options>;

export const downloadLimitOption = {
  'download-limit': {
    type: 'string',
    requiresArg: true,
    describe: 'Download at most this fast: 5MiB/s',
    coerce: (text: string) => parseRate(text, '--download-limit'),
  },
} as const satisfies Record<string, Options>;

export const peerOption = {
  peer: {
    type: 'string',
    array: true,
    nargs: 1,
    describe: 'HOST:PORT of a peer; repeatable',
  },
} as const satisfies Record<string, Options>;

export const recordOption = {
  record: {
    type: 'string',
    requiresArg: true,
    describe: 'Record the run in this new file, for a bug report; it contains names of torrents and peers',
  },
} as const satisfies Record<string, Options>;
