/** The body of a message whose length fits its id, as a Message. BEP 3 6 10 */
import { type Message, messageId, readUint32 } from './message.ts';

/** The length has been checked, so all reads below are inside `bytes`. */
export function decodeBody(id: number, bytes: Uint8Array, at: number, count: number): Message {
  switch (id) {
    case messageId.choke:
      return { type: 'choke' };
    case messageId.unchoke:
      return { type: 'unchoke' };
    case messageId.interested:
      return { type: 'interested' };
    case messageId.notInterested:
      return { type: 'not-interested' };
    case messageId.have:
      return { type: 'have', index: readUint32(bytes, at) };
    case messageId.bitfield:
      return { type: 'bitfield', bits: bytes.slice(at, at + count) };
    case messageId.request:
      return blockMessage('request', bytes, at);
    case messageId.cancel:
      return blockMessage('cancel', bytes, at);
    case messageId.reject:
      return blockMessage('reject', bytes, at);
    case messageId.port:
      return { type: 'port', port: (bytes[at]! << 8) | bytes[at + 1]! };
    case messageId.suggest:
      return { type: 'suggest', index: readUint32(bytes, at) };
    case messageId.haveAll:
      return { type: 'have-all' };
    case messageId.haveNone:
      return { type: 'have-none' };
    case messageId.allowedFast:
      return { type: 'allowed-fast', index: readUint32(bytes, at) };
    default:
      return { type: 'extended', id: bytes[at]!, payload: bytes.slice(at + 1, at + count) };
  }
}

function blockMessage<T extends 'request' | 'cancel' | 'reject'>(type: T, bytes: Uint8Array, at: number) {
  return {
    type,
    index: readUint32(bytes, at),
    begin: readUint32(bytes, at + 4),
    length: readUint32(bytes, at + 8),
  } as const;
}
