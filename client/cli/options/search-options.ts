/** The filters of a search, for `search` and `wish`. */
import type { InferredOptionTypes, Options } from 'yargs';
import { isLicenceWord } from '../../../torrents/tags/texts/licences.ts';
import { badOption } from '../cli-error.ts';
import { parseDuration } from './duration-parser.ts';

/** Filters that a wish has as well. */
export const qualityOptions = {
  codec: {
    type: 'string',
    // In the configuration file `format` is the torrent format.
    alias: 'format',
    requiresArg: true,
    describe: 'Only this format: flac, mp3, opus …',
    coerce: (text: string) => text.toLowerCase(),
  },
  lossless: { type: 'boolean', describe: 'Lossless formats only' },
  'bit-rate': {
    type: 'string',
    requiresArg: true,
    describe: 'At least this bit rate: 320k',
    coerce: parseBitRate,
  },
  year: {
    type: 'string',
    requiresArg: true,
    describe: 'Year or years: 1990, 1990-1999, 1990-, -1999',
    coerce: parseYears,
  },
  licence: {
    type: 'string',
    alias: 'license',
    requiresArg: true,
    describe: 'Only under this licence: cc, cc-by, cc-by-sa …, cc0, public-domain, other, any',
    coerce: parseLicence,
  },
} as const satisfies Record<string, Options>;

export const searchOptions = {
  ...qualityOptions,
  'min-duration': {
    type: 'string',
    requiresArg: true,
    describe: 'At least this long: 3:30, 90s, 1h; a plain number is seconds',
    coerce: (text: string) => parseLength(text, '--min-duration'),
  },
  'max-duration': {
    type: 'string',
    requiresArg: true,
    describe: 'At most this long',
    coerce: (text: string) => parseLength(text, '--max-duration'),
  },
  'has-seeds': { type: 'boolean', describe: 'Only releases with a seed online' },
  user: { type: 'string', requiresArg: true, describe: 'Only releases of this user' },
} as const satisfies Record<string, Options>;

type QualityArgs = InferredOptionTypes<typeof qualityOptions>;
type SearchArgs = InferredOptionTypes<typeof searchOptions>;

export function searchFilters(args: SearchArgs) {
  return {
    format: args.codec,
    lossless: args.lossless === true ? true : undefined,
    bitRateMin: args['bit-rate'],
    yearFrom: args.year?.from,
    yearTo: args.year?.to,
    durationMinMs: args['min-duration'],
    durationMaxMs: args['max-duration'],
    hasSeeds: args['has-seeds'] === true ? true : undefined,
    licence: args.licence,
    user: args.user,
  };
}

/** Leaves out filters that are not given. */
export function wishFilters(args: QualityArgs): object {
  const filters = {
    format: args.codec,
    isLossless: args.lossless === true ? true : undefined,
    bitRateMin: args['bit-rate'],
    yearFrom: args.year?.from,
    yearTo: args.year?.to,
    licence: args.licence,
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

/** The arguments of a `wish` command for a search without results, with those filters that a wish has. */
export function wishArguments(words: readonly string[], args: QualityArgs): string[] {
  const { codec, lossless, 'bit-rate': bitRate, year, licence } = args;
  const years = year?.from === year?.to ? year?.from : `${year?.from ?? ''}-${year?.to ?? ''}`;
  const flags = [
    ...(codec === undefined ? [] : [`--codec=${codec}`]),
    ...(lossless === true ? ['--lossless'] : []),
    ...(bitRate === undefined ? [] : [`--bit-rate=${bitRate % 1000 === 0 ? `${bitRate / 1000}k` : bitRate}`]),
    ...(years === undefined ? [] : [`--year=${years}`]),
    ...(licence === undefined ? [] : [`--licence=${licence}`]),
  ];
  return words.some((word) => word.startsWith('-'))
    ? ['wish', ...flags, '--', ...words]
    : ['wish', ...words, ...flags];
}

/** `320k`, `320`, `320000`: a small number is in kbit/s, since no music has 320 bit/s. */
function parseBitRate(text: string): number {
  const [, digits, unit] = /^(\d{1,8})(k|kbps|kbit\/s)?$/i.exec(text) ?? [];
  if (digits === undefined) throw badOption(`--bit-rate: "${text}" is no bit rate; give it like 320k`);
  const number = Number(digits);
  return unit !== undefined || number < 10_000 ? number * 1000 : number;
}

/** Accepts common spellings: `CC BY-SA`, `by-nc`, `cc_by`, `CC BY 4.0`. */
function parseLicence(text: string): string {
  const word = text
    .toLowerCase()
    .replace(/[ _]+/g, '-')
    .replace(/-?v?\d\.\d$/, '');
  const known = word.startsWith('by') ? `cc-${word}` : word;
  if (isLicenceWord(known)) return known;
  throw badOption(
    `--licence: "${text}" is no licence that is known here; give cc, cc-by, cc-by-sa, cc-by-nc, cc-by-nd, cc-by-nc-sa, cc-by-nc-nd, cc0, public-domain, other or any`,
  );
}

function parseYears(text: string): { readonly from?: number; readonly to?: number } {
  const [, from, dash, to] = /^(\d{1,4})?(-)?(\d{1,4})?$/.exec(text) ?? [];
  if (from !== undefined && dash === undefined) return { from: Number(from), to: Number(from) };
  const isInOrder = from === undefined || to === undefined || Number(from) <= Number(to);
  if (dash === undefined || (from ?? to) === undefined || !isInOrder) {
    throw badOption(`--year: "${text}" is no year and no span of years; give it like 1994 or 1990-1999`);
  }
  return {
    ...(from === undefined ? {} : { from: Number(from) }),
    ...(to === undefined ? {} : { to: Number(to) }),
  };
}

/** In whole milliseconds. */
function parseLength(text: string, what: string): number {
  return Math.round(parseDuration(text, what, { bare: 's', example: '3:30' }) * 1000);
}
