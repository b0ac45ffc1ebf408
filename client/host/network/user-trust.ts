/**
 * Which of a torrent's addresses the user chose. All others come from the creator of the torrent or magnet
 * link: on the public internet they are used like any tracker's, but in the user's private network they get
 * only plain announces (web-door.ts).
 */
export interface UserTrust {
  /** Trackers that the user typed, as announce URLs. */
  readonly trackers?: readonly string[] | undefined;
  /**
   * The server that the torrent came from, as the user typed it: `http://192.168.1.5:6969`. Trackers on this
   * server are trusted too.
   */
  readonly origin?: string | undefined;
}

export function isTrusted(tracker: string, { trackers = [], origin }: UserTrust): boolean {
  if (trackers.includes(tracker)) return true;
  return origin !== undefined && URL.canParse(tracker) && new URL(tracker).origin === origin;
}
