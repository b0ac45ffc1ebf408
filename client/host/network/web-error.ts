/** Why nothing was got from a web address, where neither the system nor undici has said it. */

export type WebErrorCode =
  | 'web-too-large'
  | 'web-encoding'
  | 'web-redirects'
  | 'web-redirect-protocol'
  | 'web-redirect-private'
  | 'web-address-private'
  | 'web-address-forbidden'
  | 'web-family';

export class WebError extends Error {
  readonly code: WebErrorCode;

  constructor(code: WebErrorCode, message: string) {
    super(message);
    this.name = 'WebError';
    this.code = code;
  }
}
