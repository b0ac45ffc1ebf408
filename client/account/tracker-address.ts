/**
 * Turns any address that a user types for a tracker into its base URL. Kept small, because commands load it
 * that may never call a tracker.
 */
import { TrackerError } from './tracker-error.ts';

/**
 * Accepts the URL of a tracker's page, or its announce URL with or without a passkey. Throws TrackerError.
 */
export function trackerBase(given: string): string {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new TrackerError('tracker-invalid', `"${given}" is no tracker`);
  }
  const url = new URL(text);
  const path = url.pathname.replace(/(\/(?:[a-z2-7]{48}|[a-z2-7]{32}))?\/announce$/, '').replace(/\/+$/, '');
  return `${url.protocol}//${url.host}${path}`;
}
