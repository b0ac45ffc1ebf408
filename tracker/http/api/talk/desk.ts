/** Routes for follows, wishes and notices. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Authenticated } from '../../../community/accounts.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as talk from '../../../protocol/api/talk-shapes.ts';
import { type Api, type ApiContext, enter, noContent, type openGates, signedIn } from '../context.ts';
import { noSuchRelease } from '../releases/release-answers.ts';
import { sealedIds } from '../sealed-ids.ts';
import { isSeen, seenNotices } from './seen-notices.ts';

const ofRelease = Type.Object({ id: schemas.releaseIdText });
const named = Type.Object({ name: schemas.nameText });

const done = { 204: schemas.emptyAnswer };

export function addDeskRoutes(api: Api, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  /** The account of a request that changes follows or wishes. Its rate limit is charged. */
  const changer: Changer = (request) => {
    const own = signedIn(request);
    gates.take('changePerAccount', String(own.accountId));
    return own;
  };
  addFollows(api, context, changer);
  addWishes(api, context, changer);
  addInbox(api, context);
}

type Changer = (request: FastifyRequest) => Authenticated;

function addFollows(api: Api, context: ApiContext, changer: Changer): void {
  const { catalogue, community } = context.library;
  const tags = ['following'];
  api.get(
    '/follows',
    { schema: { summary: 'What one follows', tags, response: { 200: talk.follows } } },
    async (request) => {
      const own = signedIn(request);
      const { releaseIds, accounts } = await community.follows(own);
      const releases = releaseIds.filter((releaseId) => isSeen(context.library, own, { releaseId }));
      return { releases, accounts: [...accounts] };
    },
  );
  api.put(
    '/releases/:id/follow',
    { schema: { summary: 'Be told of new versions', tags, params: ofRelease, response: done } },
    async (request, reply) => {
      const own = changer(request);
      const viewer = enter(context, request, 'browse');
      const { id: releaseId } = request.params;
      if ((await catalogue.release({ viewer, releaseId })) === undefined) throw noSuchRelease();
      await community.follow(own, { releaseId });
      return noContent(reply);
    },
  );
  api.delete(
    '/releases/:id/follow',
    { schema: { summary: 'Not any more', tags, params: ofRelease, response: done } },
    async (request, reply) => {
      await community.unfollow(signedIn(request), { releaseId: request.params.id });
      return noContent(reply);
    },
  );
  api.put(
    '/accounts/:name/follow',
    { schema: { summary: 'Get notices of what a user publishes', tags, params: named, response: done } },
    async (request, reply) => {
      const own = changer(request);
      await community.follow(own, { account: request.params.name });
      return noContent(reply);
    },
  );
  api.delete(
    '/accounts/:name/follow',
    { schema: { summary: 'Not any more', tags, params: named, response: done } },
    async (request, reply) => {
      await community.unfollow(signedIn(request), { account: request.params.name });
      return noContent(reply);
    },
  );
}

function addWishes(api: Api, { library }: ApiContext, changer: Changer): void {
  const { community } = library;
  api.get(
    '/wishes',
    {
      schema: {
        summary: 'Saved searches',
        tags: ['wishes'],
        response: { 200: Type.Object({ rows: Type.Array(talk.wish) }) },
      },
    },
    async (request) => ({ rows: [...(await community.wishes(signedIn(request)))] }),
  );
  api.post(
    '/wishes',
    {
      schema: {
        summary: 'Be told when something like this is published',
        tags: ['wishes'],
        body: talk.wishBody,
        response: { 201: talk.wish },
      },
    },
    async (request, reply) => {
      const own = changer(request);
      reply.code(201);
      return community.addWish(own, request.body);
    },
  );
  api.delete(
    '/wishes/:id',
    {
      schema: {
        summary: 'Forget a wish',
        tags: ['wishes'],
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: done,
      },
    },
    async (request, reply) => {
      await community.dropWish(signedIn(request), request.params.id);
      return noContent(reply);
    },
  );
}

function addInbox(api: Api, { library }: ApiContext): void {
  const { community } = library;
  const ids = sealedIds(library.key);
  api.get(
    '/notices',
    {
      schema: {
        summary: 'One’s inbox, the newest first',
        tags: ['inbox'],
        querystring: talk.talkQuery,
        response: { 200: talk.talk(talk.notice) },
      },
    },
    async (request) => {
      const page = ids.page(request.query);
      const { rows, hasMore } = await seenNotices(library, signedIn(request), page);
      return { rows: rows.map(ids.sealed), hasMore };
    },
  );
  api.post(
    '/notices/read',
    {
      schema: {
        summary: 'These have been read',
        tags: ['inbox'],
        body: talk.readBody,
        response: done,
      },
    },
    async (request, reply) => {
      await community.readNotices(signedIn(request), ids.known(request.body.upToId));
      return noContent(reply);
    },
  );
}
