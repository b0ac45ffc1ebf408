/**
 * Decides which files are audio, and gives each codec one short name, independent of the tag parser. Users
 * filter a catalogue by these names.
 */

export interface AudioFormat {
  /** In lower case: `flac`, `mp3`, `aac`. Undefined if the container does not tell its codec. */
  readonly codec: string | undefined;
  readonly lossless: boolean | undefined;
}

const format = (codec: string | undefined, lossless: boolean | undefined): AudioFormat => ({
  codec,
  lossless,
});
const lossy = (codec: string) => format(codec, false);
const exact = (codec: string) => format(codec, true);

/** The format by file extension, for files whose bytes cannot be read. Only these extensions are audio. */
const byEnding: Readonly<Record<string, AudioFormat>> = {
  flac: exact('flac'),
  mp3: lossy('mp3'),
  mp2: lossy('mp2'),
  mpga: format(undefined, false),
  // AAC or ALAC.
  m4a: format(undefined, undefined),
  m4b: lossy('aac'),
  m4r: lossy('aac'),
  // A filmed concert, or a song with a video.
  mp4: format(undefined, undefined),
  aac: lossy('aac'),
  // Vorbis, Opus, FLAC, Speex.
  ogg: format(undefined, undefined),
  oga: format(undefined, undefined),
  spx: lossy('speex'),
  opus: lossy('opus'),
  webm: format(undefined, undefined),
  weba: format(undefined, undefined),
  wav: exact('pcm'),
  aif: exact('pcm'),
  aiff: exact('pcm'),
  aifc: format(undefined, undefined),
  caf: format(undefined, undefined),
  ape: exact('ape'),
  wv: format('wavpack', undefined),
  wma: lossy('wma'),
  alac: exact('alac'),
  dsf: exact('dsd'),
  dff: exact('dsd'),
  tta: exact('tta'),
  mpc: lossy('musepack'),
  mka: format(undefined, undefined),
  shn: exact('shorten'),
  ac3: lossy('ac3'),
  eac3: lossy('ac3'),
  dts: lossy('dts'),
};

/** Patterns for a parser's description of codec and container. The first match counts. */
const byDescription: readonly (readonly [RegExp, string])[] = [
  [/wavpack/i, 'wavpack'],
  [/flac/i, 'flac'],
  [/layer (3|iii)\b|^mp3\b|mpeg\/l3/i, 'mp3'],
  [/layer (2|ii)\b|^mp2\b|mpeg\/l2/i, 'mp2'],
  [/layer (1|i)\b|^mp1\b|mpeg\/l1/i, 'mp1'],
  [/alac|apple lossless/i, 'alac'],
  [/aac|mp4a/i, 'aac'],
  [/opus/i, 'opus'],
  [/vorbis/i, 'vorbis'],
  [/speex/i, 'speex'],
  [/musepack/i, 'musepack'],
  [/monkey/i, 'ape'],
  [/\bdsd|dsdiff|dst\b/i, 'dsd'],
  [/windows media|\bwma/i, 'wma'],
  [/e?ac-?3/i, 'ac3'],
  [/^dts\b/i, 'dts'],
  [/^amr\b/i, 'amr'],
  [/^tta\b/i, 'tta'],
  [/^shorten\b/i, 'shorten'],
  [/^gsm/i, 'gsm'],
  [/adpcm/i, 'adpcm'],
  [/g\.?711|[aµu]-?law/i, 'g711'],
  // Does not match `non-PCM`. A container name alone does not match.
  [/^pcm\b|\bsigned|not compressed|floating point|ieee.float|sowt|twos|\blpcm/i, 'pcm'],
];

const losslessCodecs = new Set(['flac', 'alac', 'ape', 'dsd', 'tta', 'shorten', 'pcm']);

export function isAudio(fileName: string): boolean {
  return Object.hasOwn(byEnding, endingOf(fileName));
}

/** The format by the file's extension alone. */
export function formatByName(fileName: string): AudioFormat {
  const ending = endingOf(fileName);
  const promised = Object.hasOwn(byEnding, ending) ? byEnding[ending] : undefined;
  return promised ?? format(undefined, undefined);
}

/**
 * `codec` is undefined if the description names no known codec. `toldLossless` counts only for codecs that
 * can be both.
 */
export function audioFormat(
  described: string | undefined,
  container: string | undefined,
  toldLossless: boolean,
): AudioFormat {
  const description = `${described ?? ''} ${container ?? ''}`;
  const codec = byDescription.find(([pattern]) => pattern.test(description))?.[1];
  switch (codec) {
    case undefined:
      return format(undefined, undefined);
    case 'wavpack':
      return format(codec, toldLossless);
    case 'wma':
      return format(codec, /lossless/i.test(description));
    default:
      return format(codec, losslessCodecs.has(codec));
  }
}

function endingOf(fileName: string): string {
  return fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
}
