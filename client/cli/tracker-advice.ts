/** The advice about errors of a tracker that this program starts: a part of advice.ts. */
import type { ExternalAddressFault } from '../../tracker/http/addresses/external-address.ts';
import type { PublicUrlFault } from '../../tracker/http/addresses/public-url.ts';
import type { KeyFileErrorCode } from '../../tracker/key-file.ts';
import type { ListenErrorCode } from '../../tracker/listening.ts';
import type { AdviceFor } from './advice.ts';

export const listenAdvice: AdviceFor<ListenErrorCode> = {
  'certificate-invalid': ': both are PEM files, and belong together',
  'port-in-use': ': stop the program that uses it (perhaps another tracker), or choose another port',
  'port-not-permitted': ': choose one from 1024 on',
  'port-invalid': ': give a number from 1 to 65535, or 0 for any free one',
  'address-not-available': undefined,
  'host-not-found': undefined,
  'listen-failed': undefined,
};

export const keyFileAdvice: AdviceFor<KeyFileErrorCode> = {
  'tracker-key-readable':
    ': chmod 600 it; if one of them may have read it, remove it instead: a new key voids all passkeys',
  'tracker-key-damaged': ': put a backup in its place, or remove it to begin with a new key',
  'tracker-key-unusable': ': check the rights of its folder',
};

export const publicUrlAdvice: AdviceFor<'public-url-invalid', PublicUrlFault> = {
  'public-url-invalid': ({ fault, origin = '' }) =>
    ({
      'no-url': '; give it like https://music.example.org',
      'has-user': undefined,
      'has-path': `: give it a host or a port of its own, like ${origin}`,
    })[fault],
};

export const externalAddressAdvice: AdviceFor<'external-address-invalid', ExternalAddressFault> = {
  'external-address-invalid': ({ fault }) =>
    ({
      'no-address': '; give the one that your router has on the internet, like 203.0.113.7',
      local: '; give the address that your router has on the internet',
      unreachable: undefined,
      second: undefined,
    })[fault],
};

export const proxyListAdvice: AdviceFor<'proxy-invalid'> = { 'proxy-invalid': undefined };
