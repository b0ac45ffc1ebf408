/** An address that is there, asked with a method that it does not know: 405, and which it does (RFC 9110, 15.5.6). */
import type { HTTPMethods } from 'fastify';
import { type Api, ApiError } from './context.ts';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Before the routes; the answer is called after them. */
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
        // Before a body is read.
        onRequest: async (_request, reply) => {
          reply.header('Allow', allow);
          throw new ApiError(405, 'method-not-allowed', `this address knows ${allow}`);
        },
        handler: async () => null,
      });
    }
  };
}
