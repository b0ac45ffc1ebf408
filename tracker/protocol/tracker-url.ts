/**
 * Which tracker URLs a client may use. They come from torrent files, which are hostile input, and each leads
 * to a request from this machine. This file checks the text of the URL. The address behind a host name is
 * checked when it is dialed.                                                                         BEP 3 12
 */
import { type ProtocolError, protocolError } from './protocol-error.ts';

/** Common servers refuse longer URLs, and no tracker needs them. */
const urlLengthMax = 2048;

/** Undefined if the client may announce to this URL, otherwise why not. */
export function checkTrackerUrl(trackerUrl: string): ProtocolError | undefined {
  if (trackerUrl.length > urlLengthMax)
    return protocolError('tracker-url-too-long', 'the tracker URL is too long');
  // A URL object silently drops line breaks and tabs, so that the checked URL would differ from the used one.
  if (/[^\x21-\x7e]/.test(trackerUrl)) {
    return protocolError('tracker-url-characters', 'the tracker URL has characters that must be escaped');
  }
  if (!URL.canParse(trackerUrl)) return protocolError('tracker-url-invalid', 'the tracker URL is not a URL');
  const url = new URL(trackerUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const scheme = url.protocol.slice(0, -1);
    return protocolError(
      'tracker-url-scheme',
      `${scheme}:// trackers are not supported yet, only http:// and https:// ones`,
    );
  }
  // A torrent that sets announce parameters itself is misusing the client to forge requests.
  for (const name of url.searchParams.keys()) {
    if (/^(info_hash|event)$/i.test(name)) {
      return protocolError('tracker-url-parameters', `the tracker URL must not carry ${name} of its own`);
    }
  }
  return undefined;
}
