/** Names a tracker by its host alone: the rest of its URL may contain a passkey. */
import { displayPath } from '../../../torrents/paths/path-rules.ts';

export function trackerHost(url: string): string {
  return displayPath([URL.parse(url)?.host || 'an invalid address']);
}
