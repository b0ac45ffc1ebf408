/** Announce addresses for logs: whose they are stays secret. */

/**
 * A passkey is 48 letters of base32, or 32 (older trackers of ours, and others), in the path or behind `passkey=`: whoever
 * has it announces under another's name.
 */
export function withoutPasskey(announceUrl: string): string {
  return announceUrl.replace(/(\/|[?&]passkey=)(?:[a-z2-7]{48}|[a-z2-7]{32})(?=[/&]|$)/g, '$1…');
}
