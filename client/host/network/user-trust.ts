/**
 * What of a torrent's addresses the user chose. All others were chosen by whoever made the torrent or the magnet link: on
 * the open net they are asked like any tracker, inside of the user's own network they get plain announces and nothing
 * else (web-door.ts).
 */
export interface UserTrust {
  /** Trackers that the user typed, as they are announced to. */
  readonly trackers?: readonly string[] | undefined;
  /**
   * The server that the torrent came from, as the user typed it: `http://192.168.1.5:6969`. What the torrent names there
   * is that server's own.
   */
  readonly origin?: string | undefined;
}

export function isTrusted(tracker: string, { trackers = [], origin }: UserTrust): boolean {
  if (trackers.includes(tracker)) return true;
  return origin !== undefined && URL.canParse(tracker) && new URL(tracker).origin === origin;
}
