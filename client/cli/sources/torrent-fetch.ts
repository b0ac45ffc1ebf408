/**
 * Downloads a torrent file from a web address (client/host/network/web-request.ts). Each kind of failure has
 * its own message.
 */
import { localLimits } from '../../../torrents/bencode/bencode.ts';
import { programName } from '../../../torrents/program.ts';
import { redirectsMax, type WebAnswer, WebClient } from '../../host/network/web-request.ts';
import { CliError } from '../cli-error.ts';

/** 30 seconds: long enough for a slow server, short enough to wait for. */
const answerMsMax = 30_000;
/** The limit of the metainfo parser. */
const bytesMax = localLimits.bytesMax;

/** The body, and the origin that sent it. Throws CliError `fetch-…`, or the reason of the signal. */
export async function fetchTorrent(
  url: string,
  signal: AbortSignal,
): Promise<Pick<WebAnswer, 'body' | 'origin'>> {
  const web = new WebClient();
  const timeout = AbortSignal.timeout(answerMsMax);
  try {
    const { statusCode, body, origin } = await web.get(url, {
      headers: { accept: 'application/x-bittorrent, */*;q=0.5', 'user-agent': programName },
      signal: AbortSignal.any([signal, timeout]),
      bytesMax,
      isTyped: true,
    });
    if (statusCode !== 200) throw refusal(url, statusCode);
    return { body, origin };
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CliError ? error : failure(url, error, timeout.aborted);
  } finally {
    await web.close();
  }
}

function refusal(url: string, statusCode: number): CliError {
  if (statusCode === 404 || statusCode === 410) {
    return new CliError(
      'fetch-not-found',
      `${url}: there is nothing (HTTP ${statusCode}); check the address`,
    );
  }
  if (statusCode === 401 || statusCode === 403) {
    return new CliError(
      'fetch-not-allowed',
      `${url}: not allowed (HTTP ${statusCode}); it may need a login: http://USER:PASSWORD@HOST/…`,
    );
  }
  return new CliError('fetch-failed', `${url}: the server answered HTTP ${statusCode}; try again later`);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'no program listens there (connection refused); is the server running?',
  ENOTFOUND: 'no such host; check the address',
  EAI_AGAIN: 'the name could not be looked up; is there a network?',
  ECONNRESET: 'the connection was closed without an answer',
  UND_ERR_SOCKET: 'the connection was closed without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'no connection within 10 s',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
};

function failure(url: string, error: unknown, timedOut: boolean): CliError {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'web-too-large')
    return new CliError(
      'fetch-too-large',
      `${url} is larger than ${bytesMax / 2 ** 20} MiB: that is no torrent file`,
      error,
    );
  if (code === 'web-redirects') {
    const what = `leads on more than ${redirectsMax} times, or in a circle; give the last address`;
    return new CliError('fetch-redirects', `${url} ${what}`, error);
  }
  if (timedOut || code === 'UND_ERR_CONNECT_TIMEOUT') {
    const what = words[code] ?? `no answer within ${answerMsMax / 1000} s`;
    return new CliError('fetch-timed-out', `${url}: ${what}`, error);
  }
  return new CliError('fetch-failed', `${url}: ${words[code] ?? message}`, error);
}
