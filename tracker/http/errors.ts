/**
 * Error answers over HTTP: a page for browsers, `{"error":{"code","message","requestId"}}` with a status for
 * programs. `code` is stable. Left to others: failed announces and scrapes (tracker-calls.ts).
 */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { RefusalCode } from '../protocol/api/refusal-codes.ts';
import { statusOf } from './error-status.ts';
import { withContact } from './pages/contact.ts';
import { notFoundPage } from './pages/page.ts';

/** True if the client accepts HTML, as browsers do. */
export function wantsPage(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') ?? false;
}

/** Answers unknown paths, fastify's errors and the errors that routes throw. */
export function installErrorAnswers(
  app: FastifyInstance,
  onError: (error: unknown) => void,
  contact?: string,
): void {
  app.setNotFoundHandler((request, reply) => {
    if (wantsPage(request) && !request.url.startsWith('/api/'))
      reply.code(404).type('text/html; charset=utf-8').send(notFoundPage());
    else fail(reply, 404, 'not-found', 'there is nothing at this address');
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    answerError(error, reply, onError, contact);
  });
}

/** Refusals that only a moderator can resolve; their messages name the contact. */
const forModerators: ReadonlySet<string | undefined> = new Set([
  'awaits-approval',
  'account-banned',
  'registration-closed',
]);

/**
 * Answers fastify's errors, inside a route or before routing, and the errors of catalogue, community and
 * database.
 */
export function answerError(
  error: FastifyError,
  reply: FastifyReply,
  onError: (error: unknown) => void,
  contact?: string,
): void {
  const status = error.statusCode ?? statusOf(error.code) ?? 500;
  if (status < 500 || status === 503) {
    if (status === 503) reply.header('Retry-After', '5');
    const { retryAfterSeconds } = error as { retryAfterSeconds?: number };
    if (retryAfterSeconds !== undefined) reply.header('Retry-After', String(retryAfterSeconds));
    // fastify's own codes are in capitals.
    const isOurs = error.statusCode === undefined || /^[a-z-]+$/.test(error.code ?? '');
    const [code, message] = isOurs ? [error.code, error.message] : frameworkRefusal(error, status);
    fail(reply, status, code, forModerators.has(code) ? withContact(message, contact) : message);
    return;
  }
  onError(error);
  fail(reply, 500, 'internal', 'the tracker met a fault of its own; it goes on');
}

/** fastify's messages repeat what was sent: a path may contain a passkey, and may be very long. */
function frameworkRefusal(
  { code }: FastifyError,
  status: number,
): readonly [code: RefusalCode, message: string] {
  const known = frameworkRefusals[status];
  if (known !== undefined) return known;
  const isAddress = code === 'FST_ERR_BAD_URL';
  return [
    'bad-request',
    isAddress ? 'this address is not escaped as it should be' : 'the body cannot be read: send whole JSON',
  ];
}

const frameworkRefusals: Readonly<Record<number, readonly [code: RefusalCode, message: string]>> = {
  413: ['body-too-large', 'the body is larger than this address takes'],
  414: ['address-too-long', 'a part of this address is longer than any that is known'],
  415: ['media-type-unknown', 'bodies are JSON: send Content-Type: application/json'],
};

function fail(reply: FastifyReply, status: number, code: string, message: string): void {
  reply.code(status).send({ error: { code, message, requestId: reply.request.id } });
}

/**
 * For requests that node's parser rejects, and for senders that are too slow: a status without a body, then
 * the connection is closed.
 */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const status = clientErrorStatus[error.code ?? ''] ?? 400;
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  socket.end(head, () => socket.destroy());
}

const clientErrorStatus: Record<string, number> = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 };
