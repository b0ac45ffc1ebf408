import { describe, expect, it } from 'vitest';
import { shareErrorCodes } from '../../client/account/share-error.ts';
import { ownTrackerErrorCodes } from '../../client/account/tracker-error.ts';
import { cliErrorCodes } from '../../client/cli/cli-error.ts';
import { exitCode, exitCodeOf } from '../../client/cli/exit-codes.ts';
import { clientErrorCodes } from '../../client/host/client-error.ts';
import { webErrorCodes } from '../../client/host/network/web-error.ts';
import { sessionErrorCodes } from '../../client/session/session-error.ts';
import { createErrorCodes } from '../../torrents/create/create-error.ts';
import { magnetErrorCodes } from '../../torrents/magnet.ts';
import { metainfoErrorCodes } from '../../torrents/metainfo/metainfo-fields.ts';
import { verifyErrorCodes } from '../../torrents/verify-error.ts';
import { refusalCodes } from '../../tracker/protocol/api/refusal-codes.ts';

describe('exit codes', () => {
  it('the exit codes are the documented ones: scripts rely on them', () => {
    expect(exitCode).toEqual({
      ...{ done: 0, unknown: 1, timedOut: 2, notFound: 3, network: 6, stopped: 7, diskFull: 9 },
      ...{ existsAlready: 13, fileError: 17, notAllowed: 24, badTorrent: 26, badMagnet: 27 },
      ...{ badOption: 28, dataMismatch: 32 },
    });
  });

  it.each([
    ['bencode-truncated', 26],
    ['metainfo-web-page', 26],
    ['path-traversal', 26],
    ['magnet-scheme', 27],
    ['option-invalid', 28],
    ['exists', 13],
    ['data-mismatch', 32],
    ['port-in-use', 6],
    ['fetch-timed-out', 2],
    ['fetch-not-found', 3],
    ['fetch-not-allowed', 24],
    ['interrupted', 7],
    ['ENOSPC', 9],
    ['EACCES', 17],
    ['uploads-busy', 6],
    ['body-too-slow', 6],
    ['length-required', 6],
    ['body-too-large', 28],
    ['body-too-complex', 28],
    ['upload-too-costly', 28],
    ['upload-unreadable', 26],
    ['something-new', 1],
  ])('the error %s has exit code %d', (code, expected) => expect(exitCodeOf(withCode(code))).toBe(expected));

  it('an error without a code has exit code 1', () => {
    expect(exitCodeOf(new TypeError('x'))).toBe(1);
    expect(exitCodeOf('not even an error')).toBe(1);
  });

  it('every code of every list has an exit code, except the codes without a documented one', () => {
    const lists = [
      clientErrorCodes,
      shareErrorCodes,
      ownTrackerErrorCodes,
      webErrorCodes,
      cliErrorCodes,
      sessionErrorCodes,
    ];
    const torrentLists = [createErrorCodes, metainfoErrorCodes, magnetErrorCodes, verifyErrorCodes];
    const codes = new Set<string>([...lists, ...torrentLists, refusalCodes].flat());
    expect([...codes].filter((code) => exitCodeOf(withCode(code)) === exitCode.unknown).sort()).toEqual([
      ...['address-too-long', 'credentials-missing', 'cursor-invalid', 'encoding-unknown', 'host-unknown'],
      ...['internal', 'limit-reached', 'media-type-unknown', 'method-not-allowed', 'release-limit'],
    ]);
  });
});

function withCode(code: string): Error {
  return Object.assign(new Error(''), { code });
}
