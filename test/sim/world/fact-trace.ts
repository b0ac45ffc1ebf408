/** Mixes a fact into the trace: its time, host, kind and key numbers. */
import type { Fact } from '../../../client/engine/contract.ts';
import type { Trace } from '../kernel/trace.ts';

export function traceFact(trace: Trace, nowMs: number, host: number, fact: Fact): void {
  trace.mix(nowMs);
  trace.mix(host);
  switch (fact.type) {
    case 'received':
      return mix(trace, 1, fact.connection, fact.count);
    case 'flushed':
      return mix(trace, 2, fact.connection, fact.bytes);
    case 'block-read':
      return mix(trace, 3, fact.read, fact.bytes.length);
    case 'block-unreadable':
      return mix(trace, 4, fact.read, 0);
    case 'piece-stored':
      return mix(trace, 5, fact.pieceIndex, 0);
    case 'piece-corrupt':
      return mix(trace, 6, fact.pieceIndex, fact.digests.length);
    case 'piece-unstorable':
      return mix(trace, 7, fact.pieceIndex, 0);
    case 'connected':
      return mix(trace, 8, fact.connection, fact.address.port);
    case 'closed':
      return mix(trace, 9, fact.connection, fact.reason.length);
    case 'announced':
      return mix(trace, 10, fact.answer.peers.length, fact.answer.intervalSeconds);
    case 'announce-failed':
      return mix(trace, 11, fact.reason.length, 0);
    case 'metadata-checked':
      return mix(trace, 12, fact.connection, fact.isRight ? 1 : 0);
    case 'woke':
      return mix(trace, 13, 0, 0);
    default:
      return trace.mixText(fact.type);
  }
}

function mix(trace: Trace, kind: number, key: number, value: number): void {
  trace.mix(kind);
  trace.mix(key);
  trace.mix(value);
}
