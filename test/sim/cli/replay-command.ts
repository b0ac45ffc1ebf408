/**
 * A flight recording of a real run, fed to a fresh engine: identical actions, or where they part.
 */
import { readFileSync } from 'node:fs';
import { replay } from '../replay/replay.ts';
import type { SimOptions } from './options.ts';

/** A recording of an hour has some tens of MB; this is what one string may hold. */
const charsMax = 500_000_000;

export function replayRecording(file: string, { json }: SimOptions): number {
  const result = replay(linesOf(file));
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

function* linesOf(file: string): Generator<string> {
  const text = readFileSync(file, 'utf8');
  if (text.length > charsMax) throw new RangeError(`${file} has ${text.length} characters`);
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
  }
}
