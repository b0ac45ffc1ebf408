/** Why a web request failed, for causes that neither the system nor undici reports. */
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

/**
 * The message of `web-address-private`. A failed announce keeps only its message (TrackerStatus), so the
 * message stands for the code.
 */
export const privateAddressWords =
  'its address is in a private network, and there only plain announces (…/announce) are made for a torrent';

export class WebError extends CodedError<WebErrorCode> {
  override readonly name = 'WebError';

  constructor(code: WebErrorCode, message: string) {
    super(code, message, {});
  }
}
