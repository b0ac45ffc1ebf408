/** Routes with which users protect themselves: mute, block and report. */
import Type from 'typebox';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as shapes from '../../../protocol/api/moderation-shapes.ts';
import { sealedNumbers } from '../../../sealed-numbers.ts';
import {
  type Api,
  type ApiContext,
  ApiError,
  enter,
  noContent,
  type openGates,
  signedIn,
} from '../context.ts';
import { noSuchRelease } from '../releases/release-answers.ts';
import { sealedIds } from '../sealed-ids.ts';

const named = Type.Object({ name: schemas.nameText });

export function addSafeguardRoutes(api: Api, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  const { catalogue, community, key } = context.library;
  const ids = sealedIds(key);
  const reportIds = sealedNumbers(key, 'reports');
  const tags = ['people'];
  const done = { 204: schemas.emptyAnswer };

  api.get(
    '/mutes',
    {
      schema: {
        summary: 'Whom one has muted or blocked',
        ...{ tags, response: { 200: Type.Object({ rows: Type.Array(shapes.muted) }) } },
      },
    },
    async (request) => ({ rows: [...(await community.mutes(signedIn(request)))] }),
  );

  const deeds = [
    ['PUT', 'mute', 'Hide the messages of a user; they are not notified', community.mute],
    ['DELETE', 'mute', 'See it again', community.unmute],
    [
      'PUT',
      'block',
      'As mute; and they can neither write to one, nor follow one, nor comment',
      community.block,
    ],
    ['DELETE', 'block', 'Lift that', community.unblock],
  ] as const;
  for (const [method, what, summary, act] of deeds) {
    api.route({
      ...{ method, url: `/accounts/:name/${what}` },
      schema: { summary, tags, params: named, response: done },
      handler: async (request, reply) => {
        const own = signedIn(request);
        gates.take('changePerAccount', String(own.accountId));
        await act(own, request.params.name);
        return noContent(reply);
      },
    });
  }

  api.post(
    '/reports',
    {
      schema: {
        summary: 'Report a release, a message or a person to the moderators',
        ...{ tags, body: shapes.reportBody, response: { 201: shapes.newReport } },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      gates.take('reportPerAccount', String(own.accountId));
      const { releaseId, messageId, account, text } = request.body;
      if ([releaseId, messageId, account].filter((what) => what !== undefined).length !== 1) {
        throw new ApiError(
          400,
          'bad-request',
          'a report is about a release, a message or a person: name one',
        );
      }
      reply.code(201);
      const numbered = (id: number) => ({ id: reportIds.seal([id]) });
      if (account !== undefined) return numbered(await community.report(own, { account }, text));
      const viewer = enter(context, request, 'browse');
      const seen = async (id: string) => {
        const release = await catalogue.release({ viewer, releaseId: id });
        if (release === undefined) throw noSuchRelease();
        return { releaseId: id, publisherId: release.publisherId, title: release.album };
      };
      if (releaseId !== undefined) {
        return numbered(await community.report(own, { release: await seen(releaseId) }, text));
      }
      // Message numbers start at 1, so 0 matches no message.
      const number = ids.open(messageId ?? '') ?? 0;
      const message = await community.message(own, number);
      if (message.releaseId !== undefined) await seen(message.releaseId);
      return numbered(await community.report(own, { messageId: number }, text));
    },
  );
}
