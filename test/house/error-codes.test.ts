/** Errors of the libraries: a closed list of codes each, so that an interface can have an answer to every one. */
import { expect, it } from 'vitest';
import { createErrorCodes } from '../../torrents/create/create-error.ts';
import { magnetErrorCodes } from '../../torrents/magnet.ts';
import { metainfoErrorCodes } from '../../torrents/metainfo/metainfo-fields.ts';
import { verifyErrorCodes } from '../../torrents/verify-error.ts';
import { sourceFiles } from './source-files.ts';

const lists: Readonly<Record<string, readonly string[]>> = {
  CreateError: createErrorCodes,
  MagnetError: magnetErrorCodes,
  MetainfoError: metainfoErrorCodes,
  VerifyError: verifyErrorCodes,
};

const source = sourceFiles('torrents', 'client')
  .map(({ text }) => text)
  .join('\n');

it.each(Object.entries(lists))(
  'every code of a %s is given to one somewhere, and listed once',
  (_, codes) => {
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => source.split(`'${code}'`).length < 3)).toEqual([]);
  },
);
