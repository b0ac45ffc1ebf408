/**
 * Parses a flight recording line by line: the engine's options, then its facts. The text may come from a
 * stranger.
 *
 * Invariant: results have the declared shape. Anything else throws a RecordingError that names the line and
 * the field.
 */
import type { Fact } from '../../../client/engine/contract.ts';
import { defaultLimits, type Limits } from '../../../client/engine/limits.ts';
import type {
  RecordedBytes,
  RecordedFact,
  RecordedSpec,
} from '../../../client/host/recording/recorded-fact.ts';
import { recordingFormat, recordingVersion } from '../../../client/host/recording/recorded-fact.ts';
import { Geometry, pieceCountMax } from '../../../torrents/geometry.ts';
import { endShape, factShapes, headerShape, receivedBytesMax, stepShape } from './recorded-shapes.ts';

export type RecordingErrorCode =
  | 'recording-unknown'
  | 'recording-version'
  | 'recording-line-invalid'
  | 'recording-empty';

export class RecordingError extends Error {
  readonly code: RecordingErrorCode;
  /** Counts from 1. */
  readonly line: number;

  constructor(code: RecordingErrorCode, line: number, message: string, cause?: unknown) {
    super(`line ${line}: ${message}`, cause === undefined ? undefined : { cause });
    this.name = 'RecordingError';
    this.code = code;
    this.line = line;
  }
}

export interface RecordedOptions {
  readonly peerId: Uint8Array;
  readonly port: number;
  readonly seed: number;
  readonly uploadBpsMax: number;
  readonly downloadBpsMax: number;
  readonly limits: Partial<Limits>;
}

/** One fact and its outcome: the digest of all actions so far, or the message of an error. */
export interface Step {
  readonly line: number;
  readonly atMs: number;
  readonly fact: Fact;
  readonly actions: string | undefined;
  readonly threw: string | undefined;
}

/** The last line: `full` when the recording reached its size limit. */
export interface End {
  readonly end: 'stopped' | 'full';
}

type Shape = { Check(value: unknown): boolean; Errors(value: unknown): ErrorOfShape[] };
type ErrorOfShape = { readonly instancePath: string; readonly message: string };

/** Throws a RecordingError. Leaves out limits that this engine does not know. */
export function readHeader(text: string): RecordedOptions {
  const value = parse(text, 1, 'recording-unknown');
  if (value.format !== recordingFormat) {
    const advice = 'such files are written by `cicada download --record FILE`';
    throw new RecordingError('recording-unknown', 1, `this is no flight recording: ${advice}`);
  }
  if (value.version !== recordingVersion) {
    const message = `it is of version ${JSON.stringify(value.version)}, and this program reads version ${recordingVersion}`;
    throw new RecordingError('recording-version', 1, message);
  }
  require(headerShape, value, 1, 'header');
  const header = value as unknown as Omit<RecordedOptions, 'peerId'> & { readonly peerId: string };
  const known = Object.entries(header.limits).filter(([name]) => Object.hasOwn(defaultLimits, name));
  return { ...header, peerId: bytesOf(header.peerId), limits: Object.fromEntries(known) };
}

/** Throws a RecordingError. */
export function readLine(text: string, line: number): Step | End {
  const value = parse(text, line, 'recording-line-invalid');
  if ('end' in value) {
    require(endShape, value, line, 'end');
    return value as unknown as End;
  }
  require(stepShape, value, line, 'step');
  const { atMs, fact, actions, threw } = value as unknown as Omit<Step, 'fact'> & {
    readonly fact: RecordedFact;
  };
  const shape = Object.hasOwn(factShapes, fact.type) ? factShapes[fact.type] : undefined;
  if (shape === undefined) {
    throw new RecordingError(
      'recording-line-invalid',
      line,
      `no fact is called ${JSON.stringify(fact.type)}`,
    );
  }
  require(shape, fact, line, fact.type);
  return { line, atMs, fact: factOf(fact, line), actions, threw };
}

function parse(text: string, line: number, code: RecordingErrorCode): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordingError(code, line, 'this is no JSON', cause);
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new RecordingError(code, line, 'an object is expected');
}

function require(shape: Shape, value: unknown, line: number, what: string): void {
  if (shape.Check(value)) return;
  const [first] = shape.Errors(value);
  const where = `${what}${first?.instancePath ?? ''}`;
  throw new RecordingError('recording-line-invalid', line, `${where} ${first?.message ?? 'is wrong'}`);
}

function factOf(fact: RecordedFact, line: number): Fact {
  switch (fact.type) {
    case 'added':
      return { type: 'added', spec: specOf(fact.spec, line) };
    case 'magnet-added':
      return { type: 'magnet-added', spec: { ...fact.spec, infoHash: bytesOf(fact.spec.infoHash) } };
    case 'pieces-selected':
      return { ...fact, priorities: bytesOf(fact.priorities) };
    case 'peers-found':
      return { ...fact, origin: fact.origin ?? 'user' };
    case 'received': {
      const bytes = streamOf(fact.bytes, line);
      return { type: 'received', connection: fact.connection, bytes, count: bytes.length };
    }
    case 'block-read':
      return { ...fact, bytes: new Uint8Array(fact.bytes) };
    case 'deadline-set':
      return { ...fact, atMs: fact.atMs };
    default:
      return fact;
  }
}

function specOf(spec: RecordedSpec, line: number) {
  const { torrent, infoHash, trackers, dataBytes, have, priorities, infoBytes } = spec;
  const { totalBytes, pieceLength, shortPieces } = spec.geometry;
  if (totalBytes > pieceLength * pieceCountMax) {
    throw new RecordingError(
      'recording-line-invalid',
      line,
      `added/spec/geometry has more than ${pieceCountMax} pieces`,
    );
  }
  const geometry = new Geometry(totalBytes, pieceLength, shortPieces && new Map(shortPieces));
  return {
    ...{ torrent, infoHash: bytesOf(infoHash), geometry, trackers, private: spec.private === true },
    ...(dataBytes && {
      dataBytes: new Map(dataBytes.map(([index, bytes]) => [geometry.pieceIndex(index)!, bytes])),
    }),
    ...(have !== undefined && { have: bytesOf(have) }),
    ...(priorities !== undefined && { priorities: bytesOf(priorities) }),
    ...(infoBytes !== undefined && { infoBytes: bytesOf(infoBytes) }),
  };
}

/** Payload that was not recorded becomes zeros. */
function streamOf(runs: RecordedBytes, line: number): Uint8Array {
  const parts = runs.map((run) => (typeof run === 'string' ? bytesOf(run) : run));
  const count = parts.reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : part.length), 0);
  if (count > receivedBytesMax) {
    throw new RecordingError(
      'recording-line-invalid',
      line,
      `received/bytes are ${count}: no host reads so many at once`,
    );
  }
  const bytes = new Uint8Array(count);
  let at = 0;
  for (const part of parts) {
    if (typeof part === 'number') at += part;
    else {
      bytes.set(part, at);
      at += part.length;
    }
  }
  return bytes;
}

function bytesOf(base64: string): Uint8Array {
  return Buffer.from(base64, 'base64');
}
