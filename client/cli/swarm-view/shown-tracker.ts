/** Announce URLs for logs, without the user's passkey. */

/**
 * A passkey is 48 base32 letters, or 32 (older Cicada trackers and others), in the path or after `passkey=`.
 * Its holder can announce under the user's name.
 */
export function withoutPasskey(announceUrl: string): string {
  return announceUrl.replace(/(\/|[?&]passkey=)(?:[a-z2-7]{48}|[a-z2-7]{32})(?=[/&]|$)/g, '$1…');
}
