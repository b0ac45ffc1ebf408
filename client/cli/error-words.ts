/**
 * Words an error for the command line: what happened and where, as the library says it, then the advice.
 * Every printed error goes through here.
 */
import { CodedError } from '../../torrents/coded-error.ts';
import type { CreateError } from '../../torrents/create/create-error.ts';
import type { MagnetError } from '../../torrents/magnet.ts';
import type { MetainfoError } from '../../torrents/metainfo/metainfo-fields.ts';
import type { VerifyError } from '../../torrents/verify-error.ts';
import type { ProxyListError } from '../../tracker/http/addresses/client-address.ts';
import type { ExternalAddressError } from '../../tracker/http/addresses/external-address.ts';
import type { PublicUrlError } from '../../tracker/http/addresses/public-url.ts';
import type { KeyFileError } from '../../tracker/key-file.ts';
import type { ListenError } from '../../tracker/listening.ts';
import type { ShareError } from '../account/share-error.ts';
import type { TrackerError } from '../account/tracker-error.ts';
import type { ClientError } from '../host/client-error.ts';
import { privateAddressWords, type WebError } from '../host/network/web-error.ts';
import type { SessionError } from '../session/session-error.ts';
import {
  type Advice,
  type AdviceFor,
  clientAdvice,
  publishingAdvice,
  sessionAdvice,
  shareAdvice,
  trackerAdvice,
  webAdvice,
} from './advice.ts';
import { CliError, codeOf } from './cli-error.ts';
import { createAdvice, magnetAdvice, metainfoAdvice, verifyAdvice } from './torrent-advice.ts';
import {
  externalAddressAdvice,
  keyFileAdvice,
  listenAdvice,
  proxyListAdvice,
  publicUrlAdvice,
} from './tracker-advice.ts';

type AdviceOf<E extends CodedError<string>> = AdviceFor<E['code'], E['fields']>;

interface Tables {
  readonly ClientError: AdviceOf<ClientError>;
  readonly ClaimError: AdviceOf<ClientError>;
  readonly ShareError: AdviceOf<ShareError>;
  /** A newer tracker may send a code that this program does not know. */
  readonly TrackerError: Partial<AdviceOf<TrackerError>>;
  readonly SessionError: AdviceOf<SessionError>;
  readonly WebError: AdviceOf<WebError>;
  readonly CreateError: AdviceOf<CreateError>;
  readonly MetainfoError: AdviceOf<MetainfoError>;
  readonly MagnetError: AdviceOf<MagnetError>;
  readonly VerifyError: AdviceOf<VerifyError>;
  readonly ListenError: AdviceOf<ListenError>;
  readonly KeyFileError: AdviceOf<KeyFileError>;
  readonly PublicUrlError: AdviceOf<PublicUrlError>;
  readonly ExternalAddressError: AdviceOf<ExternalAddressError>;
  readonly ProxyListError: AdviceOf<ProxyListError>;
}

/** Keyed by the name of the class, so that the classes need not be loaded. */
export const adviceTables: Tables = {
  ClientError: clientAdvice,
  ClaimError: clientAdvice,
  ShareError: shareAdvice,
  TrackerError: trackerAdvice,
  SessionError: sessionAdvice,
  WebError: webAdvice,
  CreateError: createAdvice,
  MetainfoError: metainfoAdvice,
  MagnetError: magnetAdvice,
  VerifyError: verifyAdvice,
  ListenError: listenAdvice,
  KeyFileError: keyFileAdvice,
  PublicUrlError: publicUrlAdvice,
  ExternalAddressError: externalAddressAdvice,
  ProxyListError: proxyListAdvice,
};

/** The text that is printed for anything thrown. */
export function errorWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof CodedError ? `${error.message}${adviceOf(error) ?? ''}` : error.message;
}

function adviceOf({ name, code, fields }: CodedError<string>): string | undefined {
  const tables: Readonly<Record<string, Readonly<Record<string, Advice<object>>>>> = adviceTables as never;
  const table = Object.hasOwn(tables, name) ? tables[name]! : {};
  const advice = Object.hasOwn(table, code) ? table[code] : undefined;
  return typeof advice === 'function' ? advice(fields) : advice;
}

/** The error of a share with publishing, with the advice that applies only there. */
export function whilePublishing(error: unknown): unknown {
  const said = codeOf(error);
  for (const [code, advice] of publishingAdvice)
    if (code === said) return new CliError(code, `${errorWords(error)}${advice}`, error);
  return error;
}

/** Adds the advice to the reason why a tracker was not asked. The status carries that reason as text. */
export function trackerReason(reason: string): string {
  return reason === privateAddressWords ? `${reason}${webAdvice['web-address-private']}` : reason;
}
