/**
 * Replays the flight recording of a real run on a new engine. Prints whether the actions are identical, or
 * where they first differ.
 */
import { readFileSync } from 'node:fs';
import { type ReplayResult, replay } from '../replay/replay.ts';
import type { SimOptions } from './options.ts';

/** A recording of an hour has some tens of MB. The limit is near the longest string of V8. */
const charsMax = 500_000_000;

class ReplayFileError extends Error {
  override readonly name = 'ReplayFileError';
  readonly code = 'replay-file-unreadable';
}

export function replayRecording(file: string, { json }: SimOptions): number {
  const result = replayOf(file);
  if (json) {
    console.log(JSON.stringify(result));
  } else {
    const { facts, seconds, end, digest, divergence, threw } = result;
    if (threw !== undefined) console.log(`the recording ends with a failure: ${threw}`);
    if (divergence !== undefined) {
      const { line, atMs, fact, recorded, replayed } = divergence;
      console.log(
        `DIFFERENT at line ${line}, ${atMs} ms, fact "${fact.type}": recorded ${recorded}, now ${replayed}`,
      );
    }
    console.log(
      `${result.identical ? 'identical' : 'FAILED'}: ${facts} facts in ${seconds} s, ${end}, actions ${digest}`,
    );
  }
  return result.identical ? 0 : 1;
}

/** Throws a ReplayFileError. */
function replayOf(file: string): ReplayResult {
  try {
    return replay(linesOf(readFileSync(file, 'utf8')));
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause)) throw cause;
    throw new ReplayFileError(`${file}: ${cause.message}`, { cause });
  }
}

function* linesOf(text: string): Generator<string> {
  if (text.length > charsMax)
    throw new ReplayFileError(`it has ${text.length} characters, which is too long`);
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
  }
}
