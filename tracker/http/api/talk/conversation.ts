/** Rooms, direct messages, and comments on releases. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Authenticated, Message, Page, Room } from '../../../community/contract.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as talk from '../../../protocol/api/talk-shapes.ts';
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

const inRoom = Type.Object({ room: schemas.nameText });
const ofRelease = Type.Object({ id: schemas.releaseIdText });
const withId = Type.Object({ id: talk.sealedId });

export function addConversationRoutes(
  api: Api,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
): void {
  const { catalogue, community } = context.library;
  const ids = sealedIds(context.library.key);

  function messagePage({ rows, hasMore }: Page<Message>): { rows: Sealed<Message>[]; hasMore: boolean } {
    return { rows: rows.map(ids.sealed), hasMore };
  }

  /** Somebody who speaks. */
  function speaker(request: FastifyRequest): Authenticated {
    const own = signedIn(request);
    gates.take('messagePerAccount', String(own.accountId));
    return own;
  }

  async function seen(request: FastifyRequest, releaseId: string) {
    const viewer = enter(context, request, 'browse');
    const release = await catalogue.release({ viewer, releaseId });
    if (release === undefined) throw noSuchRelease();
    const { publisherId, album: title } = release;
    return { releaseId, publisherId, title };
  }

  api.get(
    '/rooms',
    {
      schema: {
        summary: 'Rooms one may read',
        tags: ['rooms'],
        response: { 200: Type.Object({ rows: Type.Array(talk.room) }) },
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
        body: talk.roomBody,
        response: { 201: talk.room },
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
        body: talk.topicBody,
        response: { 200: talk.room },
      },
    },
    async (request) =>
      roomShape(await community.changeTopic(signedIn(request), request.params.room, request.body.topic)),
  );
  api.get(
    '/rooms/:room/messages',
    {
      schema: {
        summary: 'What was said in a room, the newest first',
        tags: ['rooms'],
        params: inRoom,
        querystring: talk.talkQuery,
        response: { 200: talk.talk(talk.message) },
      },
    },
    async (request) =>
      messagePage(await community.messages(request.viewer, request.params.room, ids.page(request.query))),
  );
  api.post(
    '/rooms/:room/messages',
    {
      schema: {
        summary: 'Say something',
        tags: ['rooms'],
        params: inRoom,
        body: talk.messageBody,
        response: { 201: talk.message },
      },
    },
    async (request, reply) => {
      const message = await community.say(speaker(request), request.params.room, request.body.text);
      reply.code(201);
      return ids.sealed(message);
    },
  );
  api.get(
    '/messages',
    {
      schema: {
        summary: 'Search what was said',
        tags: ['rooms'],
        querystring: Type.Object({ ...talk.talkQuery.properties, q: Type.String({ maxLength: 512 }) }),
        response: { 200: talk.talk(talk.message) },
      },
    },
    async (request) => {
      gates.take('searchPerAddress', visitorKey(context, request));
      const { q, ...page } = request.query;
      return messagePage(await community.searchMessages(request.viewer, q, ids.page(page)));
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
      // No number of a message is below one.
      await community.deleteMessage(own, ids.open(request.params.id) ?? 0);
      return noContent(reply);
    },
  );

  const withName = Type.Object({ name: schemas.nameText });
  api.get(
    '/direct',
    {
      schema: {
        summary: 'With whom one talks',
        tags: ['direct messages'],
        querystring: talk.talkQuery,
        response: { 200: talk.talk(talk.conversation) },
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
        querystring: talk.talkQuery,
        response: { 200: talk.talk(talk.message) },
      },
    },
    async (request) =>
      messagePage(
        await community.directMessages(signedIn(request), request.params.name, ids.page(request.query)),
      ),
  );
  api.post(
    '/direct/:name/messages',
    {
      schema: {
        summary: 'Say something to somebody',
        tags: ['direct messages'],
        params: withName,
        body: talk.messageBody,
        response: { 201: talk.message },
      },
    },
    async (request, reply) => {
      const message = await community.sayTo(speaker(request), request.params.name, request.body.text);
      reply.code(201);
      return ids.sealed(message);
    },
  );

  api.get(
    '/releases/:id/comments',
    {
      schema: {
        summary: 'Comments on a release',
        tags: ['releases'],
        params: ofRelease,
        querystring: talk.talkQuery,
        response: { 200: talk.talk(talk.message) },
      },
    },
    async (request) => {
      const { releaseId } = await seen(request, request.params.id);
      return messagePage(await community.comments(request.viewer, releaseId, ids.page(request.query)));
    },
  );
  api.post(
    '/releases/:id/comments',
    {
      schema: {
        summary: 'Comment on a release',
        tags: ['releases'],
        params: ofRelease,
        body: talk.messageBody,
        response: { 201: talk.message },
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
