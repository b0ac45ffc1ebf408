/** Routes for the files of a release: the torrent, with the viewer's own announce URL, and the cover. */
import Type from 'typebox';
import { keptTorrent } from '../../../catalogue/words/kept-parts.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import { attachment } from '../../attachment.ts';
import { type Api, type ApiContext, announceUrl, enter } from '../context.ts';
import { noSuchRelease } from './release-answers.ts';

const withId = Type.Object({ id: schemas.releaseIdText });

export function addReleaseFileRoutes(api: Api, context: ApiContext): void {
  const { catalogue } = context.library;

  api.get(
    '/releases/:id/torrent',
    {
      schema: {
        summary: 'The .torrent file, with one’s own announce URL in it',
        tags: ['releases'],
        params: withId,
        querystring: Type.Object({ version: Type.Optional(Type.Integer({ minimum: 1 })) }),
      },
    },
    async (request, reply) => {
      const viewer = enter(context, request, 'browse');
      const { id: releaseId } = request.params;
      const torrent = await catalogue.torrent({ viewer, releaseId, version: request.query.version });
      if (torrent === undefined) throw noSuchRelease();
      const { name, bytes } = keptTorrent(torrent, announceUrl(context, request, releaseId));
      reply.type('application/x-bittorrent');
      reply.header('Content-Disposition', attachment(`${name}.torrent`));
      return reply.send(Buffer.from(bytes));
    },
  );

  api.get(
    '/releases/:id/cover',
    { schema: { summary: 'The cover', tags: ['releases'], params: withId } },
    async (request, reply) => {
      const viewer = enter(context, request, 'browse');
      const cover = await catalogue.cover({ viewer, releaseId: request.params.id });
      if (cover === undefined) throw noSuchRelease();
      return reply.type(cover.type).send(Buffer.from(cover.bytes));
    },
  );
}
