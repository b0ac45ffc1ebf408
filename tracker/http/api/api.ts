/**
 * The API put together: `/api/v1` with its checks, who asks, its documentation at `/api` (nothing from elsewhere), and the
 * feeds. Requests are checked against schemas before a route sees them; bodies are never coerced, queries are, since
 * they are text.
 */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { Ajv } from 'ajv';
import type { FastifyInstance } from 'fastify';
import { anonymous } from '../../community/permissions.ts';
import { errorAnswer } from '../../protocol/api-shapes.ts';
import { addAccountRoutes } from './accounts.ts';
import { type Api, type ApiContext, ApiError, type openGates, sessionToken, visitorKey } from './context.ts';
import { addConversationRoutes } from './conversation.ts';
import { addDeskRoutes } from './desk.ts';
import { addEventRoutes } from './events.ts';
import { addFeeds } from './feeds.ts';
import { watchMethods } from './methods.ts';
import { addModerationRoutes } from './moderation.ts';
import { addPeopleRoutes } from './people.ts';
import { addReleaseFileRoutes } from './release-files.ts';
import { addReleaseRoutes } from './releases.ts';
import { addSafeguardRoutes } from './safeguards.ts';
import { addSearchRoutes } from './search.ts';

/** Of everything but publications, which bring files. A message is 4,000 characters, each perhaps escaped. */
const bodyBytesMax = 64 * 1024;
const version = '1';
/** Its page brings scripts and styles of its own, and nothing from elsewhere. */
const documentationPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'self'; object-src 'none'; frame-ancestors 'none'";

export function addApi(app: FastifyInstance, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  app.decorateRequest('viewer');
  app.decorateRequest('signedIn');
  app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Cicada tracker',
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
      installAuthentication(api, context);
      installDefaults(api);
      const refuseOtherMethods = watchMethods(api);
      addAccountRoutes(api, context, gates, { version });
      addPeopleRoutes(api, context, gates);
      addReleaseRoutes(api, context, gates);
      addReleaseFileRoutes(api, context);
      addSearchRoutes(api, context, gates);
      addConversationRoutes(api, context, gates);
      addDeskRoutes(api, context, gates);
      addSafeguardRoutes(api, context, gates);
      addModerationRoutes(api, context);
      addEventRoutes(api, context);
      api.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
      refuseOtherMethods();
    },
    { prefix: '/api/v1' },
  );
  app.register(async (feeds) => addFeeds(feeds, context, gates));
}

/** Common to all routes: refusals have one shape, and bodies an end. */
function installDefaults(api: Api): void {
  api.removeContentTypeParser('text/plain');
  api.addHook('onRoute', (route) => {
    const { response } = (route.schema ?? {}) as { response?: object };
    route.schema = { ...route.schema, response: { '4xx': errorAnswer, ...response } };
    route.bodyLimit ??= bodyBytesMax;
  });
}

function installChecks(api: Api): void {
  const options = { removeAdditional: false, allErrors: false, strict: false, useDefaults: false } as const;
  const exact = new Ajv({ ...options, coerceTypes: false });
  const fromText = new Ajv({ ...options, coerceTypes: true });
  api.setValidatorCompiler(({ schema, httpPart }) =>
    (httpPart === 'body' ? exact : fromText).compile(schema as object),
  );
  api.setSchemaErrorFormatter(([error], where) => {
    const at = error?.instancePath?.slice(1).replaceAll('/', '.');
    const extra = error?.params?.additionalProperty;
    const what = extra === undefined ? error?.message : `does not know “${String(extra).slice(0, 40)}”`;
    return new ApiError(400, 'bad-request', `${where}${at ? ` ${at}` : ''} ${what}`);
  });
}

function installAuthentication(api: Api, { library }: ApiContext): void {
  api.addHook('onRequest', async (request) => {
    request.viewer = anonymous;
    if (request.headers.authorization === undefined) return;
    const token = sessionToken(request);
    const signedIn = token === undefined ? undefined : await library.community.authenticate(token);
    // Whoever sends a token means to be somebody: being nobody instead would answer another question.
    if (signedIn === undefined) {
      throw new ApiError(401, 'session-invalid', 'this session has ended: sign in again');
    }
    request.viewer = signedIn;
    request.signedIn = signedIn;
  });
}
