/**
 * The tracker's HTTP side put together: routes for people and machines, and in front of them the two calls of the
 * protocol. Testable without listening: `inject` reaches every route, announce and scrape included.
 *
 * Announce and scrape are answered before fastify routes, which saves 7 % of the CPU time of an announce on a connection
 * kept alive and some 15 % of one on a new connection; through the same function they are routes as well. fastify's own reading of queries destroys `info_hash`, so it is switched off, as is
 * its `trustProxy`: whose headers count is decided in client-address.ts.
 */
import { randomBytes } from 'node:crypto';
import {
  createServer,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { parse } from 'node:querystring';
import { type FastifyInstance, fastify } from 'fastify';
import type { Clock } from '../clock.ts';
import type { Library } from '../library.ts';
import type { RandomBelow, Registry } from '../registry.ts';
import { calledUrl } from './addresses/base-url.ts';
import type { ClientAddresses } from './addresses/client-address.ts';
import { toOriginForm } from './addresses/request-target.ts';
import { addAliveStream } from './alive.ts';
import { addApi } from './api/api.ts';
import { openGates } from './api/context.ts';
import { answerClientError, answerError, installErrorAnswers } from './errors.ts';
import type { HttpLimits } from './limits.ts';
import type { ListedTorrents } from './listed-torrents.ts';
import type { TrackerStats } from './metrics.ts';
import { addMetrics } from './metrics-route.ts';
import { addCataloguePages } from './pages/catalogue-pages.ts';
import { contentSecurityPolicy } from './pages/page-style.ts';
import { addPages, addRoutes, addTorrentFiles } from './routes.ts';
import { trackerCalls } from './tracker-calls.ts';
import { refuseUnknownLength } from './unknown-length.ts';

export interface TrackerAppOptions extends Clock {
  readonly registry: Registry;
  readonly torrents: ListedTorrents;
  readonly addresses: ClientAddresses;
  readonly limits: HttpLimits;
  /** Where everybody reaches us (`https://tracker.example.org`); without it, each reader is shown the way they came. */
  readonly publicUrl: string | undefined;
  /** Passed checkContact. */
  readonly contact?: string | undefined;
  readonly random: RandomBelow;
  /** Told of what should not happen: a fault of ours that one request has met. */
  readonly onError: (error: unknown) => void;
  /** Told, once, that somebody has reached us by a name or an address that we do not know to be ours (base-url.ts). */
  readonly onUnknownHost?: (() => void) | undefined;
  /** The catalogue and its community, when there is one. */
  readonly library?: Library | undefined;
  /** Of its memory of peers: with it, the tracker has an alive stream. */
  readonly memoryId?: string | undefined;
  /** Another thread to read publications, for tests (uploads/upload-worker.ts). */
  readonly uploadWorker?: URL | undefined;
  /** Speaks HTTPS with this certificate; plain HTTP without. */
  readonly tls?: TlsFiles | undefined;
}

/** PEM: the certificate with those above it, and its key. */
export interface TlsFiles {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

export interface TrackerApp {
  readonly fastify: FastifyInstance;
  stats(): TrackerStats;
}

export function trackerApp(options: TrackerAppOptions): TrackerApp {
  const { registry, limits, nowMs, onError } = options;
  const { library, contact } = options;
  const calls = trackerCalls({ ...options, library });
  const connections = { open: 0, dropped: 0 };
  const startedMs = nowMs();
  const stats = (): TrackerStats => ({
    ...registry.counts,
    ...calls.counts,
    connections: connections.open,
    connectionsDropped: connections.dropped,
    uptimeSeconds: Math.floor((nowMs() - startedMs) / 1000),
  });

  const app = fastify({
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    forceCloseConnections: true,
    genReqId: () => randomBytes(requestIdBytes).toString('hex'),
    // Only the API reads queries this way: repeated names become lists, which its schemas refuse.
    routerOptions: { querystringParser: (text) => parse(text), maxParamLength: paramCharactersMax },
    serverFactory: (handler) => {
      const listener: RequestListener = (request, response) => {
        try {
          if (refuseUnknownLength(request, response)) return;
          if (!toOriginForm(request)) return refuseTarget(response);
          if (request.url === '*') return answerAsterisk(response);
          if (calls.answer(request, response)) return;
        } catch (error) {
          onError(error);
          response.writeHead(500).end();
          return;
        }
        handler(request, response);
      };
      const server = openServer(serverOptions(limits, library !== undefined), options.tls, listener);
      server.setTimeout(limits.idleTimeoutMs);
      server.maxHeadersCount = limits.headersMax;
      server.maxConnections = limits.connectionsMax;
      countConnections(server, connections);
      return server;
    },
    frameworkErrors: (error, _request, reply) => answerError(error, reply, onError),
    clientErrorHandler: answerClientError,
  });
  let isHostUnknown = false;
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headersForAll);
    if (options.publicUrl === undefined && !isHostUnknown && calledUrl(request.raw) === undefined) {
      isHostUnknown = true;
      options.onUnknownHost?.();
    }
    done();
  });
  installErrorAnswers(app, onError, contact);
  addRoutes(app, { ...options, calls, stats });
  if (options.memoryId !== undefined) addAliveStream(app, { ...options, memoryId: options.memoryId });
  addMetrics(app, { ...options, stats });
  if (library === undefined) addPages(app, { ...options, stats });
  else {
    const context = { ...options, library, contact };
    const gates = openGates(nowMs);
    addApi(app, context, gates);
    addCataloguePages(app, context, gates, stats);
  }
  addTorrentFiles(app, options.torrents);
  return { fastify: app, stats };
}

function openServer(options: ServerOptions, tls: TlsFiles | undefined, listener: RequestListener): Server {
  if (tls === undefined) return createServer(options, listener);
  const certificate = { cert: Buffer.from(tls.cert), key: Buffer.from(tls.key) };
  return createTlsServer(
    { ...options, ...certificate, minVersion: 'TLSv1.2' },
    listener,
  ) as unknown as Server;
}

function serverOptions(limits: HttpLimits, hasCatalogue: boolean): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: hasCatalogue ? limits.publishTimeoutMs : limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.checkIntervalMs,
    noDelay: true,
  };
}

function countConnections(server: Server, connections: { open: number; dropped: number }): void {
  server.on('connection', (socket) => {
    connections.open += 1;
    socket.once('close', () => {
      connections.open -= 1;
    });
  });
  server.on('drop', () => {
    connections.dropped += 1;
  });
}

function refuseTarget(response: ServerResponse): void {
  const message = 'a request names a path of this tracker (/announce), or its whole http:// or https:// URL';
  const requestId = randomBytes(requestIdBytes).toString('hex');
  response.writeHead(400, { ...headersForAll, 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ error: { code: 'bad-request', message, requestId } }));
}

/** `OPTIONS *`: what the whole server can do, whatever the path.  RFC 9110 9.3.7 */
function answerAsterisk(response: ServerResponse): void {
  response.writeHead(204, { ...headersForAll, Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }).end();
}

/** Enough that two requests in a log never share an id. */
const requestIdBytes = 8;

/** The longest part of a path that means something: a name of 32 characters, each as four escaped bytes. */
const paramCharactersMax = 400;

/** Pages and files change with every peer that comes, and nothing here is to be taken for anything else. */
const headersForAll = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentSecurityPolicy,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
