/**
 * A known path requested with an unsupported method gets 405, and an Allow header with the supported ones.
 *                                                                                             RFC 9110 15.5.6
 */
import type { HTTPMethods } from 'fastify';
import { type Api, ApiError } from './context.ts';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Call it before the routes are added, and the returned function after them. */
export function watchMethods(api: Api): () => void {
  const known = new Map<string, Set<string>>();
  api.addHook('onRoute', ({ routePath, method }) => {
    const of = known.get(routePath) ?? new Set();
    known.set(routePath, of);
    for (const one of [method].flat()) of.add(one);
  });
  return () => {
    for (const [url, of] of [...known]) {
      const allow = [...of].join(', ');
      api.route({
        url,
        method: methods.filter((method) => !of.has(method)),
        exposeHeadRoute: false,
        schema: { hide: true },
        // Answered at the headers, before a body is read.
        onRequest: async (_request, reply) => {
          reply.header('Allow', allow);
          throw new ApiError(405, 'method-not-allowed', `this address knows ${allow}`);
        },
        handler: async () => null,
      });
    }
  };
}
