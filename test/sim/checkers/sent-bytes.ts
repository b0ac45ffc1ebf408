/**
 * Sent bytes do not change: a socket keeps the buffer that it is given until the kernel takes the bytes,
 * which may be long after the turn. An engine that writes into the buffer again sends something else.
 */
import { type Checker, type Disbelief, firstOf, type Turn } from './checker.ts';

/** A reused buffer is overwritten within a few of the following sends. */
const keptMax = 64;

interface Sent {
  /** The sent buffer, and a copy of its bytes at that time. */
  readonly given: Uint8Array;
  readonly was: Uint8Array;
  readonly host: number;
}

export function sentBytesStay(): Checker {
  const kept: (Sent | undefined)[] = new Array(keptMax).fill(undefined);
  let at = 0;
  const keep = (given: Uint8Array, { peer }: Turn): Disbelief => {
    const before = kept[at];
    kept[at] = { given, was: given.slice(), host: peer.number };
    at = (at + 1) % keptMax;
    return judge(before);
  };
  return {
    name: 'sent-bytes-stay',
    hears: ['send', 'send-block'],
    onTurn(turn) {
      for (const action of turn.actions) {
        const bytes =
          action.type === 'send' ? action.bytes : action.type === 'send-block' ? action.header : undefined;
        const disbelief = bytes && keep(bytes, turn);
        if (disbelief !== undefined) return disbelief;
      }
      return undefined;
    },
    atEnd: () => firstOf(...kept.map(judge)),
  };
}

function judge(sent: Sent | undefined): Disbelief {
  if (sent === undefined || isSame(sent.given, sent.was)) return undefined;
  return `peer ${sent.host} has written into ${sent.was.length} bytes that it had sent before`;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
