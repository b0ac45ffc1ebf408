/** How people name a tracker, and its one address behind that. Loaded by commands that may never call one. */
import { TrackerError } from './tracker-error.ts';

/** From whatever somebody gives as a tracker: its page, its announce URL with or without a passkey. Throws TrackerError. */
export function trackerBase(given: string): string {
  const text = /^[a-z]+:\/\//i.test(given) ? given : `http://${given}`;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new TrackerError('tracker-invalid', `"${given}" is no tracker`);
  }
  const url = new URL(text);
  const path = url.pathname.replace(/(\/(?:[a-z2-7]{48}|[a-z2-7]{32}))?\/announce$/, '').replace(/\/+$/, '');
  return `${url.protocol}//${url.host}${path}`;
}
