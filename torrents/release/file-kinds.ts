/**
 * Recognises files that users pick instead of a torrent, by their first bytes: songs, pictures, films,
 * documents, archives.
 */

export interface FileKind {
  readonly kind: 'music' | 'picture' | 'film' | 'document' | 'archive';
  /** A noun with its article, as in `a picture (PNG)`. */
  readonly words: string;
}

const kindOf = (kind: FileKind['kind'], words: string): FileKind => ({ kind, words });
const music = (name: string) => kindOf('music', `music (${name})`);
const picture = (name: string) => kindOf('picture', `a picture (${name})`);
const archive = (name: string) => kindOf('archive', `a compressed file (${name})`);

/** Matched against the first bytes of a file, read as Latin-1. */
const beginnings: readonly (readonly [RegExp, FileKind])[] = [
  [/^ID3/, music('MP3')],
  [/^\xff[\xf2\xf3\xfa\xfb]/, music('MP3')],
  [/^\xff[\xf0\xf1\xf8\xf9]/, music('AAC')],
  [/^fLaC/, music('FLAC')],
  [/^OggS/, music('Ogg')],
  [/^(RIFF|RF64)....WAVE/s, music('WAV')],
  [/^FORM....AIF[FC]/s, music('AIFF')],
  [/^....ftypM4[AB]/s, music('M4A')],
  [/^MAC /, music('APE')],
  [/^wvpk/, music('WavPack')],
  [/^DSD /, music('DSF')],
  [/^MThd/, music('MIDI')],
  [/^\xff\xd8\xff/, picture('JPEG')],
  [/^\x89PNG/, picture('PNG')],
  [/^GIF8/, picture('GIF')],
  [/^RIFF....WEBP/s, picture('WebP')],
  [/^....ftyp/s, kindOf('film', 'a film or music (MP4)')],
  [/^\x1a\x45\xdf\xa3/, kindOf('film', 'a film or music (Matroska or WebM)')],
  [/^RIFF....AVI /s, kindOf('film', 'a film (AVI)')],
  [/^\x30\x26\xb2\x75/, kindOf('film', 'a film or music (Windows Media)')],
  [/^%PDF/, kindOf('document', 'a document (PDF)')],
  [/^\x1f\x8b/, archive('gzip')],
  [/^PK\x03\x04/, archive('ZIP')],
  [/^Rar!/, archive('RAR')],
  [/^7z\xbc\xaf/, archive('7-Zip')],
  [/^\xfd7zXZ/, archive('XZ')],
  [/^\x28\xb5\x2f\xfd/, archive('Zstandard')],
  [/^BZh/, archive('bzip2')],
];

/** Undefined for any other file, and for a torrent, which begins with `d`. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  const beginning = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return beginnings.find(([pattern]) => pattern.test(beginning))?.[1];
}
