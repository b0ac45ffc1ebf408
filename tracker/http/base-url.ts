/**
 * The address to show a reader: the one by which they came, since that is the one known to work for them.
 */
import type { AddressedRequest, ClientAddresses } from './client-address.ts';

/** A name or an address, and perhaps a port. What a browser sends; anything else is somebody trying something. */
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;

/** `publicUrl` when there is one, otherwise scheme and Host of the request, otherwise `fallback`. No slash at the end. */
export function baseUrl(
  request: AddressedRequest,
  addresses: ClientAddresses,
  publicUrl: string | undefined,
): string | undefined {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '');
  const { host, 'x-forwarded-proto': forwardedScheme } = request.headers;
  if (host === undefined || !hostPattern.test(host)) return undefined;
  const isSecure =
    'encrypted' in request.socket || (forwardedScheme === 'https' && addresses.isProxied(request));
  return `${isSecure ? 'https' : 'http'}://${host}`;
}
