/**
 * The album of the demo: twelve short pieces for plucked strings, composed at random within musical rules and
 * written as real WAV files. It is free of rights, so everybody may share it.
 *
 * Invariant: the same bytes on every machine.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Dice, Recording, samplesPerSecond } from './demo-synthesiser.ts';

const albumArtist = 'The Brood';
const albumTitle = 'Seventeen Summers';
/** The name of its folder, and so of its torrent. */
export const albumFolder = albumTitle;

const major = [0, 2, 4, 5, 7, 9, 11];
const minor = [0, 2, 3, 5, 7, 8, 10];
const dorian = [0, 2, 3, 5, 7, 9, 10];
const lydian = [0, 2, 4, 6, 7, 9, 11];

/**
 * Title; quarter notes a minute; MIDI note of the key; scale; chords, one per bar, as degrees of the scale;
 * which note of the chord is plucked on which eighth (`.` is a rest); brightness of the strings; bars.
 */
type Piece = readonly [
  title: string,
  tempo: number,
  key: number,
  scale: readonly number[],
  chords: readonly number[],
  pattern: string,
  brightness: number,
  bars: number,
];

/** A brood of cicadas spends seventeen years underground, and sings for one summer. */
const pieces: readonly Piece[] = [
  ['Underground', 76, 45, minor, [0, 5, 3, 4], '0.2.3.2.', 0.15, 6],
  ['The Long Wait', 84, 48, dorian, [0, 3, 0, 6], '02134312', 0.2, 7],
  ['Warm Rain', 116, 50, major, [0, 4, 5, 3], '0.1.2.1.', 0.35, 9],
  ['First Light', 92, 52, lydian, [0, 1, 0, 4], '01234321', 0.45, 7],
  ['Out of the Ground', 128, 45, dorian, [0, 0, 3, 4], '02.20324', 0.4, 10],
  ['New Wings', 104, 55, major, [0, 2, 3, 4], '04231423', 0.5, 8],
  ['Treetops', 112, 53, lydian, [0, 4, 1, 0], '0123.432', 0.55, 9],
  ['Chorus at Noon', 138, 50, major, [0, 3, 4, 0], '02424024', 0.7, 11],
  ['Heat Haze', 80, 48, lydian, [0, 0, 1, 1], '0.34.243', 0.3, 6],
  ['Evening Call', 96, 47, minor, [0, 3, 5, 4], '0213.312', 0.35, 7],
  ['The Last Song', 72, 50, major, [5, 3, 0, 4], '0.23.321', 0.25, 5],
  ['See You in Seventeen Years', 88, 43, major, [0, 5, 3, 4], '01232432', 0.3, 7],
];

/** How long the last chord rings. */
const ringOutSeconds = 3.2;

export interface DemoTrack {
  readonly name: string;
  readonly bytes: number;
}

/** Writes the album's folder into `parent`; takes about a second. Throws the reason of the signal. */
export async function writeDemoAlbum(parent: string, signal: AbortSignal): Promise<DemoTrack[]> {
  const folder = join(parent, albumFolder);
  await mkdir(folder);
  const tracks: DemoTrack[] = [];
  for (const [index, piece] of pieces.entries()) {
    signal.throwIfAborted();
    const [title] = piece;
    const wav = wavFile(play(piece, index + 1), title, index + 1);
    const name = `${String(index + 1).padStart(2, '0')} ${title}.wav`;
    await writeFile(join(folder, name), wav);
    tracks.push({ name, bytes: wav.length });
  }
  return tracks;
}

function play(piece: Piece, seed: number): Buffer {
  const [, tempo, , , chords, pattern, brightness, bars] = piece;
  const dice = new Dice(seed * 0x9e3779b1);
  const eighth = 30 / tempo;
  const recording = new Recording(bars * 8 * eighth + ringOutSeconds, dice);
  let melodyStep = 7;
  for (let bar = 0; bar < bars; bar++) {
    const degree = chords[bar % chords.length]!;
    const barSeconds = bar * 8 * eighth;
    const note = (step: number, octave = 0) => noteAt(piece, degree + step) + 12 * octave;
    recording.add({
      note: note(0, -1),
      atSeconds: barSeconds,
      seconds: 2.6,
      loudness: 0.75,
      pan: 0.5,
      brightness: 0.1,
    });
    for (let step = 0; step < 8; step++) {
      const atSeconds = barSeconds + step * eighth;
      const mark = pattern[step]!;
      // Digits count in thirds: 0 is the root, 1 the third, 2 the fifth …
      if (mark !== '.') {
        const loudness = (step === 0 ? 0.6 : 0.42) + dice.below(8) / 100;
        const pan = step % 2 === 0 ? 0.35 : 0.6;
        recording.add({ note: note(2 * Number(mark)), atSeconds, seconds: 1.7, loudness, pan, brightness });
      }
      // The melody above the chords: mostly on the beat, mostly in steps, never far from its first note.
      const sings = bar > 0 && dice.below(10) < (step % 2 === 0 ? 6 : 2);
      if (!sings) continue;
      melodyStep = Math.max(5, Math.min(11, melodyStep + dice.below(5) - 2));
      // On the first beat the melody rests on a note of the chord.
      const onChord = step === 0 ? melodyStep - (melodyStep % 2) : melodyStep;
      const tune = { note: note(onChord, 1) - 12, atSeconds, seconds: 1.4, loudness: 0.5, pan: 0.72 };
      recording.add({ ...tune, brightness: Math.min(1, brightness + 0.25) });
    }
  }
  // Ends with a strummed chord on the tonic.
  const endSeconds = bars * 8 * eighth;
  for (const [index, step] of [-7, 0, 2, 4, 7, 9].entries()) {
    const atSeconds = endSeconds + index * 0.045;
    recording.add({
      note: noteAt(piece, step),
      atSeconds,
      seconds: ringOutSeconds,
      loudness: 0.5,
      pan: 0.3 + index * 0.08,
      brightness,
    });
  }
  recording.echo(eighth * 1.5, 0.22);
  return recording.toPcm();
}

/** A degree of the scale, below or above the octave too → a MIDI note number. */
function noteAt([, , key, scale]: Piece, degree: number): number {
  const octave = Math.floor(degree / scale.length);
  return key + 12 * octave + scale[degree - octave * scale.length]!;
}

/** A RIFF file, with title, artist, album and track in the tags that players read. */
function wavFile(pcm: Buffer, title: string, track: number): Buffer {
  const bytesPerFrame = 4;
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(2, 2);
  format.writeUInt32LE(samplesPerSecond, 4);
  format.writeUInt32LE(samplesPerSecond * bytesPerFrame, 8);
  format.writeUInt16LE(bytesPerFrame, 12);
  format.writeUInt16LE(16, 14);
  const tags = Object.entries({ INAM: title, IART: albumArtist, IPRD: albumTitle, ITRK: String(track) });
  const info = tags.map(([id, text]) => chunk(id, Buffer.from(`${text}\0`)));
  const body = [
    chunk('fmt ', format),
    chunk('LIST', Buffer.concat([Buffer.from('INFO'), ...info])),
    chunk('data', pcm),
  ];
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...body]));
}

function chunk(id: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}
