/**
 * Which tracker URLs a client may use at all. They come out of torrent files, so strangers write them, and each one
 * is a request that our machine would make: this is the part of that decision the text alone allows. Where a name leads
 * is known only when it is dialed, and is checked there.                                            BEP 3 12
 */
import { type ProtocolError, protocolError } from './protocol-error.ts';

/** Longer ones are refused by common servers, and no tracker needs them. */
const urlLengthMax = 2048;

/** Undefined when the URL may be announced to, otherwise why not. */
export function checkTrackerUrl(trackerUrl: string): ProtocolError | undefined {
  if (trackerUrl.length > urlLengthMax)
    return protocolError('tracker-url-too-long', 'the tracker URL is too long');
  // A URL object would drop line breaks and tabs silently, and then it is another URL that was checked.
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
  // A torrent that writes our parameters itself is using us to forge requests.
  for (const name of url.searchParams.keys()) {
    if (/^(info_hash|event)$/i.test(name)) {
      return protocolError('tracker-url-parameters', `the tracker URL must not carry ${name} of its own`);
    }
  }
  return undefined;
}
