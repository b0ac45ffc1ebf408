/**
 * Which files are audio, and one short name for each way of coding it, whatever readers of tags call it: these names are
 * what people filter a catalogue by.
 */

export interface AudioFormat {
  /** Lower case: `flac`, `mp3`, `aac` …; undefined when the container says nothing of what is in it. */
  readonly codec: string | undefined;
  readonly lossless: boolean | undefined;
}

const format = (codec: string | undefined, lossless: boolean | undefined): AudioFormat => ({
  codec,
  lossless,
});
const lossy = (codec: string) => format(codec, false);
const exact = (codec: string) => format(codec, true);

/** What an ending promises, when nothing better is known. Only those listed here are audio. */
const byEnding: Readonly<Record<string, AudioFormat>> = {
  flac: exact('flac'),
  mp3: lossy('mp3'),
  // AAC or ALAC.
  m4a: format(undefined, undefined),
  m4b: lossy('aac'),
  aac: lossy('aac'),
  // Vorbis, Opus, FLAC, Speex.
  ogg: format(undefined, undefined),
  oga: format(undefined, undefined),
  opus: lossy('opus'),
  wav: exact('pcm'),
  aif: exact('pcm'),
  aiff: exact('pcm'),
  aifc: format(undefined, undefined),
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
};

/** By what music-metadata says of codec and container together; the first that fits. */
const byDescription: readonly (readonly [RegExp, string])[] = [
  [/wavpack/i, 'wavpack'],
  [/flac/i, 'flac'],
  [/layer (3|iii)\b/i, 'mp3'],
  [/layer (2|ii)\b/i, 'mp2'],
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
  [/pcm|wave|aiff|sowt|twos/i, 'pcm'],
];

export function isAudio(fileName: string): boolean {
  return Object.hasOwn(byEnding, endingOf(fileName));
}

/** What the name alone promises. */
export function formatByName(fileName: string): AudioFormat {
  const ending = endingOf(fileName);
  return Object.hasOwn(byEnding, ending) ? byEnding[ending]! : format(undefined, undefined);
}

/** Undefined when nobody can filter by what was said. */
export function codecName(codec: string | undefined, container: string | undefined): string | undefined {
  const description = `${codec ?? ''} ${container ?? ''}`;
  return byDescription.find(([pattern]) => pattern.test(description))?.[1];
}

function endingOf(fileName: string): string {
  return fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase();
}
