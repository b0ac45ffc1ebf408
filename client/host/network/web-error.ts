/** Why nothing was got from a web address, where neither the system nor undici has said it. */
import { CodedError } from '../../../torrents/coded-error.ts';

export const webErrorCodes = [
  'web-too-large',
  'web-encoding',
  'web-redirects',
  'web-redirect-protocol',
  'web-redirect-private',
  'web-address-private',
  'web-address-forbidden',
  'web-family',
] as const;
export type WebErrorCode = (typeof webErrorCodes)[number];

/** Of `web-address-private`. An announce that fails leaves nothing but its words (TrackerStatus): they stand for the code. */
export const privateAddressWords =
  'its address is in a private network, and there only plain announces (…/announce) are made for a torrent';

export class WebError extends CodedError<WebErrorCode> {
  override readonly name = 'WebError';

  constructor(code: WebErrorCode, message: string) {
    super(code, message, {});
  }
}
