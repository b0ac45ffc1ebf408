/** Words why a connection ended, from the codes of the engine and the system. */

const words: Readonly<Record<string, string>> = {
  'sent-corrupt-data': 'it sent data that does not match its hash',
  'both-complete': 'both have everything',
  'closed by peer': 'it closed the connection',
  silent: 'it said nothing for two minutes',
  stalled: 'it kept us waiting for a minute',
  stopped: 'we stopped',
  banned: 'it has sent bad data before',
  'connected-twice': 'we are connected to it already',
  'connected-to-self': 'that is ourselves',
  'made-room': 'its place went to a newcomer',
  'too-many-connections': 'all places were taken',
  'too-many-half-open': 'it did not answer in time',
  'not-reading': 'it did not read what we sent',
  'our-disk-failed': 'our disk failed',
  'dial-timeout': 'no connection in time',
  'closed-at-handshake': 'it closed at the handshake (it may require encryption, or not have this torrent)',
  'handshake-timeout': 'it took the connection and said nothing',
  'not-bittorrent': 'it does not speak BitTorrent',
  ECONNREFUSED: 'no program listens there',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
};

export function dropReason(code: string): string {
  // The other codes are protocol violations, and readable: `block-unasked`.
  return words[code] ?? `it broke the protocol (${code})`;
}
