/** Routes for chat rooms, direct messages and comments on releases. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Authenticated } from '../../../community/accounts.ts';
import type { Message, Page, Room } from '../../../community/contract.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as shapes from '../../../protocol/api/talk-shapes.ts';
import {
  type Api,
  type ApiContext,
  enter,
  noContent,
  type openGates,
  signedIn,
  visitorKey,
} from '../context.ts';
import { noSuchRelease } from '../releases/release-answers.ts';
import { type Sealed, sealedIds } from '../sealed-ids.ts';
import { defined } from '../shapes.ts';

type Gates = ReturnType<typeof openGates>;
type Talk = ReturnType<typeof openTalk>;

const inRoom = Type.Object({ room: schemas.nameText });
const ofRelease = Type.Object({ id: schemas.releaseIdText });
const withId = Type.Object({ id: shapes.sealedId });

export function addConversationRoutes(api: Api, context: ApiContext, gates: Gates): void {
  const talk = openTalk(context, gates);
  addRooms(api, context, gates);
  addRoomMessages(api, context, talk);
  addMessages(api, context, gates, talk);
  addDirectMessages(api, context, talk);
  addComments(api, context, talk);
}

/** What all routes with messages share. */
function openTalk({ library }: ApiContext, gates: Gates) {
  const ids = sealedIds(library.key);
  return {
    ids,
    pageOf({ rows, hasMore }: Page<Message>): { rows: Sealed<Message>[]; hasMore: boolean } {
      return { rows: rows.map(ids.sealed), hasMore };
    },
    /** The author of a new message, whose rate limit is charged. */
    speaker(request: FastifyRequest): Authenticated {
      const own = signedIn(request);
      gates.take('messagePerAccount', String(own.accountId));
      return own;
    },
  };
}

function addRooms(api: Api, { library }: ApiContext, gates: Gates): void {
  const { community } = library;
  api.get(
    '/rooms',
    {
      schema: {
        summary: 'Rooms one may read',
        tags: ['rooms'],
        response: { 200: Type.Object({ rows: Type.Array(shapes.room) }) },
      },
    },
    async (request) => ({ rows: (await community.rooms(request.viewer)).map(roomShape) }),
  );
  api.post(
    '/rooms',
    {
      schema: {
        summary: 'Open a room',
        tags: ['rooms'],
        body: shapes.roomBody,
        response: { 201: shapes.room },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      gates.take('changePerAccount', String(own.accountId));
      const { visibility = 'everyone', ...rest } = request.body;
      reply.code(201);
      return roomShape(await community.createRoom(own, { ...rest, visibility }));
    },
  );
  api.patch(
    '/rooms/:room',
    {
      schema: {
        summary: 'Change the topic',
        tags: ['rooms'],
        params: inRoom,
        body: shapes.topicBody,
        response: { 200: shapes.room },
      },
    },
    async (request) =>
      roomShape(await community.changeTopic(signedIn(request), request.params.room, request.body.topic)),
  );
}

function addRoomMessages(api: Api, { library }: ApiContext, { ids, pageOf, speaker }: Talk): void {
  const { community } = library;
  api.get(
    '/rooms/:room/messages',
    {
      schema: {
        summary: 'What was said in a room, the newest first',
        tags: ['rooms'],
        params: inRoom,
        querystring: shapes.talkQuery,
        response: { 200: shapes.talk(shapes.message) },
      },
    },
    async (request) =>
      pageOf(await community.messages(request.viewer, request.params.room, ids.page(request.query))),
  );
  api.post(
    '/rooms/:room/messages',
    {
      schema: {
        summary: 'Say something',
        tags: ['rooms'],
        params: inRoom,
        body: shapes.messageBody,
        response: { 201: shapes.message },
      },
    },
    async (request, reply) => {
      const message = await community.say(speaker(request), request.params.room, request.body.text);
      reply.code(201);
      return ids.sealed(message);
    },
  );
}

function addMessages(api: Api, context: ApiContext, gates: Gates, { ids, pageOf }: Talk): void {
  const { community } = context.library;
  api.get(
    '/messages',
    {
      schema: {
        summary: 'Search what was said',
        tags: ['rooms'],
        querystring: Type.Object({ ...shapes.talkQuery.properties, q: Type.String({ maxLength: 512 }) }),
        response: { 200: shapes.talk(shapes.message) },
      },
    },
    async (request) => {
      gates.take('searchPerAddress', visitorKey(context, request));
      const { q, ...page } = request.query;
      return pageOf(await community.searchMessages(request.viewer, q, ids.page(page)));
    },
  );
  api.delete(
    '/messages/:id',
    {
      schema: {
        summary: 'Delete a message or a comment',
        tags: ['rooms'],
        params: withId,
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      // Message numbers start at 1, so 0 matches no message.
      await community.deleteMessage(own, ids.open(request.params.id) ?? 0);
      return noContent(reply);
    },
  );
}

function addDirectMessages(api: Api, { library }: ApiContext, { ids, pageOf, speaker }: Talk): void {
  const { community } = library;
  const withName = Type.Object({ name: schemas.nameText });
  api.get(
    '/direct',
    {
      schema: {
        summary: 'With whom one talks',
        tags: ['direct messages'],
        querystring: shapes.talkQuery,
        response: { 200: shapes.talk(shapes.conversation) },
      },
    },
    async (request) => {
      const { rows, hasMore } = await community.conversations(signedIn(request), ids.page(request.query));
      return { rows: rows.map(ids.conversation), hasMore };
    },
  );
  api.get(
    '/direct/:name/messages',
    {
      schema: {
        summary: 'What one has said to each other',
        tags: ['direct messages'],
        params: withName,
        querystring: shapes.talkQuery,
        response: { 200: shapes.talk(shapes.message) },
      },
    },
    async (request) =>
      pageOf(await community.directMessages(signedIn(request), request.params.name, ids.page(request.query))),
  );
  api.post(
    '/direct/:name/messages',
    {
      schema: {
        summary: 'Send a direct message',
        tags: ['direct messages'],
        params: withName,
        body: shapes.messageBody,
        response: { 201: shapes.message },
      },
    },
    async (request, reply) => {
      const message = await community.sayTo(speaker(request), request.params.name, request.body.text);
      reply.code(201);
      return ids.sealed(message);
    },
  );
}

function addComments(api: Api, context: ApiContext, { ids, pageOf, speaker }: Talk): void {
  const { catalogue, community } = context.library;

  async function seen(request: FastifyRequest, releaseId: string) {
    const viewer = enter(context, request, 'browse');
    const release = await catalogue.release({ viewer, releaseId });
    if (release === undefined) throw noSuchRelease();
    const { publisherId, album: title } = release;
    return { releaseId, publisherId, title };
  }

  api.get(
    '/releases/:id/comments',
    {
      schema: {
        summary: 'Comments on a release',
        tags: ['releases'],
        params: ofRelease,
        querystring: shapes.talkQuery,
        response: { 200: shapes.talk(shapes.message) },
      },
    },
    async (request) => {
      const { releaseId } = await seen(request, request.params.id);
      return pageOf(await community.comments(request.viewer, releaseId, ids.page(request.query)));
    },
  );
  api.post(
    '/releases/:id/comments',
    {
      schema: {
        summary: 'Comment on a release',
        tags: ['releases'],
        params: ofRelease,
        body: shapes.messageBody,
        response: { 201: shapes.message },
      },
    },
    async (request, reply) => {
      const own = speaker(request);
      const release = await seen(request, request.params.id);
      reply.code(201);
      return ids.sealed(await community.comment(own, release, request.body.text));
    },
  );
}

function roomShape(room: Room): Room {
  return defined({ ...room });
}
