/**
 * Assembles the API: `/api/v1` with its validation and authentication, the documentation at `/api` (which
 * loads nothing from other hosts), and the feeds. Requests are validated against schemas before a route
 * handles them. Query values are coerced, because they are text; bodies never are.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { ErrorObject } from 'ajv';
import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import { programName } from '../../../torrents/program.ts';
import { anonymous } from '../../access.ts';
import { errorAnswer } from '../../protocol/api/api-shapes.ts';
import { openWriterTurns } from '../uploads/writer-turns.ts';
import { checkComplaint, openChecks } from './checks.ts';
import {
  type Api,
  type ApiContext,
  ApiError,
  type openGates,
  sessionToken,
  signedIn,
  visitorKey,
} from './context.ts';
import { watchMethods } from './methods.ts';
import { addAccountRoutes } from './people/accounts.ts';
import { addModerationRoutes } from './people/moderation.ts';
import { addOwnAccountRoutes } from './people/own-account.ts';
import { addPeopleRoutes } from './people/people.ts';
import { addSafeguardRoutes } from './people/safeguards.ts';
import { addFeeds } from './releases/feeds.ts';
import { openPublicationGates } from './releases/publication-gates.ts';
import { addPublishRoutes } from './releases/publish.ts';
import { addReleaseFileRoutes } from './releases/release-files.ts';
import { addReleaseRoutes } from './releases/releases.ts';
import { addSearchRoutes } from './releases/search.ts';
import { addConversationRoutes } from './talk/conversation.ts';
import { addDeskRoutes } from './talk/desk.ts';
import { addEventRoutes } from './talk/events.ts';

/**
 * For all bodies but publications, which contain files. A message has up to 4,000 characters, each perhaps
 * escaped. Parsing 64 KiB takes a few milliseconds at worst.
 */
const bodyBytesMax = 64 * 1024;
/**
 * For clients without a session: a name, a password of up to 1,024 characters and a key, all perhaps escaped.
 */
const strangersBytesMax = 12 * 1024;
/** For routes without a body. */
const emptyBytesMax = 1024;
/**
 * Routes that read a body without a session. All other routes with a body refuse such requests at the
 * headers.
 */
const forStrangers: ReadonlySet<string> = new Set(['/accounts', '/sessions']);
const version = '1';
/** The documentation page has its own scripts and styles, and loads nothing from other hosts. */
const documentationPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'self'; object-src 'none'; frame-ancestors 'none'";

export function addApi(app: FastifyInstance, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  app.decorateRequest('viewer');
  app.decorateRequest('signedIn');
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: `${programName} tracker`,
        version,
        description:
          'The catalogue of a tracker: music that people share, who has it, and what they say. Errors have one shape: `{"error":{"code","message","requestId"}}`.',
        ...(context.contact !== undefined && { contact: { name: context.contact } }),
      },
      components: { securitySchemes: { session: { type: 'http', scheme: 'bearer' } } },
      security: [{ session: [] }, {}],
    },
  });
  app.register(swaggerUi, {
    routePrefix: '/api',
    staticCSP: documentationPolicy,
    uiConfig: { deepLinking: true },
  });
  app.register(
    async (plain) => {
      const api = plain.withTypeProvider() as Api;
      installChecks(api);
      api.addHook('onRequest', async (request) => gates.take('callPerAddress', visitorKey(context, request)));
      api.addHook('onRequest', refuseEncodings);
      installAuthentication(api, context);
      installDefaults(api);
      const publications = openPublicationGates(gates);
      const turns = openWriterTurns();
      const refuseOtherMethods = watchMethods(api);
      addAccountRoutes(api, context, gates, { version });
      addOwnAccountRoutes(api, context, gates);
      addPeopleRoutes(api, context, gates);
      addReleaseRoutes(api, context, publications, turns);
      // Publications have their own body parser.
      api.register(async (publishing) => addPublishRoutes(publishing as Api, context, publications, turns));
      addReleaseFileRoutes(api, context);
      addSearchRoutes(api, context, gates);
      addConversationRoutes(api, context, gates);
      addDeskRoutes(api, context, gates);
      addSafeguardRoutes(api, context, gates);
      addModerationRoutes(api, context);
      addEventRoutes(api, context);
      api.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
      api.after(refuseOtherMethods);
    },
    { prefix: '/api/v1' },
  );
  app.register(async (feeds) => addFeeds(feeds, context, gates));
}

/** Defaults of all routes: the shape of errors, a body limit, and a required session for bodies. */
function installDefaults(api: Api): void {
  api.removeContentTypeParser('text/plain');
  api.addHook('onRoute', (route) => {
    const { response } = (route.schema ?? {}) as { response?: object };
    route.schema = { ...route.schema, response: { '4xx': errorAnswer, ...response } };
    const isForStrangers = forStrangers.has(route.routePath);
    const { body } = (route.schema ?? {}) as { body?: object };
    route.bodyLimit ??=
      body === undefined ? emptyBytesMax : isForStrangers ? strangersBytesMax : bodyBytesMax;
    if (body !== undefined && !isForStrangers) {
      const own = [route.onRequest ?? []].flat() as onRequestHookHandler[];
      route.onRequest = [requireSession, ...own];
    }
  });
}

const requireSession: onRequestHookHandler = (request, _reply, done) => {
  signedIn(request);
  done();
};

/** A compressed body of a few kilobytes may unpack to gigabytes. */
const refuseEncodings: onRequestHookHandler = (request, _reply, done) => {
  const { 'content-encoding': encoding } = request.headers;
  if (encoding !== undefined && encoding !== 'identity') {
    throw new ApiError(
      415,
      'encoding-unknown',
      'bodies are read as they are: send it without Content-Encoding',
    );
  }
  done();
};

function installChecks(api: Api): void {
  const compile = openChecks();
  api.setValidatorCompiler(({ schema, httpPart }) => compile(schema as object, httpPart));
  api.setSchemaErrorFormatter(
    ([error], where) => new ApiError(400, 'bad-request', checkComplaint(error as ErrorObject, where)),
  );
}

function installAuthentication(api: Api, { library }: ApiContext): void {
  api.addHook('onRequest', async (request) => {
    request.viewer = anonymous;
    if (request.headers.authorization === undefined) return;
    const token = sessionToken(request);
    const signedIn = token === undefined ? undefined : await library.community.authenticate(token);
    // An invalid token is an error. Treating the request as anonymous would return a different answer than
    // the client asked for.
    if (signedIn === undefined) {
      throw new ApiError(401, 'session-invalid', 'this session has ended: sign in again');
    }
    request.viewer = signedIn;
    request.signedIn = signedIn;
  });
}
