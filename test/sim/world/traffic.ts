/** Payload bytes that a peer has moved, over all lives of its program. */
import type { TorrentStatus } from '../../../client/engine/status.ts';

export interface Traffic {
  readonly downloaded: number;
  readonly uploaded: number;
  /** The part of `downloaded` that was received and never stored. */
  readonly wasted: number;
}

export const noTraffic: Traffic = { downloaded: 0, uploaded: 0, wasted: 0 };

/** `life`: undefined when the engine no longer has the torrent. */
export function withLife(before: Traffic, life: TorrentStatus | undefined): Traffic {
  if (life === undefined) return before;
  return {
    downloaded: before.downloaded + life.downloaded,
    uploaded: before.uploaded + life.uploaded,
    wasted: before.wasted + life.wasted,
  };
}
