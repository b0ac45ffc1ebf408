/** Announce addresses for logs: whose they are stays secret. */

/** A passkey is 32 letters of base32, in the path or behind `passkey=`: whoever has it announces under another's name. */
export function withoutPasskey(announceUrl: string): string {
  return announceUrl.replace(/(\/|[?&]passkey=)[a-z2-7]{32}(?=[/&]|$)/g, '$1…');
}
