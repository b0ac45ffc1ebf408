/**
 * Errors of the libraries: each class has a closed list of codes, each code has advice, and no message
 * contains advice.
 */
import { describe, expect, it } from 'vitest';
import { shareErrorCodes } from '../../client/account/share-error.ts';
import { ownTrackerErrorCodes } from '../../client/account/tracker-error.ts';
import { adviceTables } from '../../client/cli/error-words.ts';
import { clientErrorCodes } from '../../client/host/client-error.ts';
import { webErrorCodes } from '../../client/host/network/web-error.ts';
import { sessionErrorCodes } from '../../client/session/session-error.ts';
import { createErrorCodes } from '../../torrents/create/create-error.ts';
import { magnetErrorCodes } from '../../torrents/magnet.ts';
import { metainfoErrorCodes } from '../../torrents/metainfo/metainfo-fields.ts';
import { verifyErrorCodes } from '../../torrents/verify-error.ts';
import { proxyListErrorCodes } from '../../tracker/http/addresses/client-address.ts';
import { externalAddressErrorCodes } from '../../tracker/http/addresses/external-address.ts';
import { publicUrlErrorCodes } from '../../tracker/http/addresses/public-url.ts';
import { keyFileErrorCodes } from '../../tracker/key-file.ts';
import { listenErrorCodes } from '../../tracker/listening.ts';
import { codeLines, sourceFiles } from './source-files.ts';

const lists: Readonly<Record<keyof typeof adviceTables, readonly string[]>> = {
  ClientError: clientErrorCodes,
  ClaimError: clientErrorCodes,
  ShareError: shareErrorCodes,
  TrackerError: ownTrackerErrorCodes,
  SessionError: sessionErrorCodes,
  WebError: webErrorCodes,
  CreateError: createErrorCodes,
  MetainfoError: metainfoErrorCodes,
  MagnetError: magnetErrorCodes,
  VerifyError: verifyErrorCodes,
  ListenError: listenErrorCodes,
  KeyFileError: keyFileErrorCodes,
  PublicUrlError: publicUrlErrorCodes,
  ExternalAddressError: externalAddressErrorCodes,
  ProxyListError: proxyListErrorCodes,
};

/** All code except the command line. The tracker's pages and API are an interface of their own. */
const libraries = sourceFiles('torrents', 'tracker', 'client').filter(
  ({ path }) => !path.startsWith('client/cli/'),
);

describe.each(Object.entries(lists))('every code of a %s', (name, codes) => {
  it('every code of an error class is listed once and used by an error', () => {
    const source = libraries.map(({ text }) => text).join('\n');
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => source.split(`'${code}'`).length < 3)).toEqual([]);
  });

  it('every code of an error class has one entry of advice on the command line, and every entry has a code', () => {
    const advice = adviceTables[name as keyof typeof adviceTables];
    expect(Object.keys(advice).sort()).toEqual([...codes].sort());
  });

  it('every advice begins with the punctuation that joins it to the message', () => {
    const advice = Object.values(adviceTables[name as keyof typeof adviceTables]);
    expect(advice.filter((each) => typeof each === 'string' && !/^[:;.] \S/.test(each))).toEqual([]);
  });
});

it('every class that extends CodedError has a table on the command line', () => {
  const classes = libraries.flatMap(({ text }) =>
    [...text.matchAll(/class (\w+) extends (?:CodedError|ClientError)\b/g)].map(([, name]) => name!),
  );
  // parseMetainfo() turns a BencodeError into a MetainfoError, so it never reaches the command line.
  const inner = ['BencodeError'];
  expect(classes.filter((name) => !inner.includes(name)).sort()).toEqual(Object.keys(adviceTables).sort());
});

/** Quoted text that looks like advice but is not. */
const justified: readonly (readonly [path: string, words: RegExp])[] = [
  // Options of Node, for a child process.
  ['torrents/tags/tag-reader.ts', /^--(max-old-space-size|permission|allow-fs-read|disallow-code)/],
  // Text that is signed.
  ['torrents/release/version-signature.ts', /^cicada release$/],
  ['tracker/protocol/api/sign-in-text.ts', /^cicada login$/],
  // Labels for deriving keys.
  ['tracker/key-file.ts', /^cicada tracker: /],
  ['tracker/admission/passkeys.ts', /^cicada passkey /],
  // Answers of a tracker over the network, which clients print unchanged.
  ['tracker/catalogue/publication/publication.ts', /create it with --private$/],
  ['tracker/http/api/called-host.ts', /must set --public-url$/],
];

it('no text in a library names an option or a command of the command line', () => {
  const found = libraries.flatMap(({ path, text }) =>
    codeLines(text).flatMap(({ line, code }) =>
      [...code.matchAll(/'([^']*)'|`([^`]*)`|"([^"]*)"/g)]
        .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
        .filter((words) => /(^|\s)--[a-z]|\bcicada [a-z]|\bthe command\b/.test(words))
        .filter((words) => !justified.some(([at, pattern]) => at === path && pattern.test(words)))
        .map((words) => `${path}:${line} ${words}`),
    ),
  );
  expect(found).toEqual([]);
});
