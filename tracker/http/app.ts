/**
 * Assembles the tracker's HTTP server: routes for people and programs, and in front of them announce and
 * scrape. In tests, `inject` reaches every route without listening, announce and scrape included.
 *
 * Announce and scrape are answered before fastify's routing. This saves 7 % of the CPU time of an announce on
 * a kept-alive connection, and about 15 % on a new one. They are also routes, which call the same function.
 * fastify's query parser would corrupt `info_hash`, so it is switched off. So is its `trustProxy`:
 * client-address.ts decides which headers are trusted.
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
  /**
   * The public URL (`https://tracker.example.org`). Without it, each client is given the URL at which its
   * request arrived.
   */
  readonly publicUrl: string | undefined;
  /** Checked by checkContact. */
  readonly contact?: string | undefined;
  readonly random: RandomBelow;
  /** Receives unexpected errors: faults of the tracker found while it handled a request. */
  readonly onError: (error: unknown) => void;
  /** Called once, at the first request whose Host header does not name this tracker (base-url.ts). */
  readonly onUnknownHost?: (() => void) | undefined;
  /** The catalogue and its community, if the tracker has one. */
  readonly library?: Library | undefined;
  /** The id of the peer memory. If it is set, the tracker serves `/alive`. */
  readonly memoryId?: string | undefined;
  /** Replaces the worker that reads publications, for tests (uploads/upload-worker.ts). */
  readonly uploadWorker?: URL | undefined;
  /** Serves HTTPS with this certificate; without it, plain HTTP. */
  readonly tls?: TlsFiles | undefined;
}

/** PEM: the certificate with its chain, and its private key. */
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
    // Only API routes use this parser. Repeated names become lists, which the API's schemas refuse.
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

/** `OPTIONS *`: the methods of the server as a whole, for any path. RFC 9110 9.3.7 */
function answerAsterisk(response: ServerResponse): void {
  response.writeHead(204, { ...headersForAll, Allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }).end();
}

/** Random bytes enough to make equal ids of two requests in a log improbable. */
const requestIdBytes = 8;

/** The longest valid path segment: a name of 32 characters, each as four escaped bytes, is 384 characters. */
const paramCharactersMax = 400;

/** No caching: pages and files change with every peer. No MIME sniffing. */
const headersForAll = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': contentSecurityPolicy,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};
