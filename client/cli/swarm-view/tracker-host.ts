/** How a tracker is called: by its host alone, since the rest of its address may be somebody's passkey. */
import { displayPath } from '../../../torrents/paths/path-rules.ts';

export function trackerHost(url: string): string {
  return displayPath([URL.parse(url)?.host || 'an invalid address']);
}
