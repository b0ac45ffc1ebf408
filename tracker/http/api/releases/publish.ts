/**
 * Routes that publish a release and its next version. Permission, rate and size are checked at the headers;
 * the body is collected and handed on unparsed (publication-intake.ts). The main thread, which answers
 * announces, reads only its length.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Viewer } from '../../../access.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as releaseShapes from '../../../protocol/api/release-shapes.ts';
import { collectBody } from '../../uploads/body.ts';
import { publishBytesMax } from '../../uploads/limits.ts';
import type { Upload } from '../../uploads/read-upload.ts';
import type { WriterTurns } from '../../uploads/writer-turns.ts';
import type { Api, ApiContext } from '../context.ts';
import type { PublicationGates } from './publication-gates.ts';
import { openIntake } from './publication-intake.ts';
import { releaseAnswers } from './release-answers.ts';

const withId = Type.Object({ id: schemas.releaseIdText });

export function addPublishRoutes(
  api: Api,
  context: ApiContext,
  publications: PublicationGates,
  turns: WriterTurns,
): void {
  const { library } = context;
  const { catalogue } = library;
  const { seen, shape, wanted } = releaseAnswers(context);
  const { publisher, admit, admitVersion, read, close } = openIntake(context, publications, turns);
  api.addHook('onClose', close);
  leaveBodiesUnread(api);

  api.post(
    '/releases',
    {
      bodyLimit: publishBytesMax,
      onRequest: admit,
      schema: {
        summary: 'Publish a release',
        tags: ['releases'],
        body: releaseShapes.publishBody,
        response: { 201: releaseShapes.releaseDetail },
      },
    },
    async (request, reply) => {
      const viewer = publisher(request);
      const releaseId = await read(request, undefined, async (upload) => {
        const access = await wanted(viewer, upload.access);
        await catalogue.publish({ ...versionInput(viewer, upload, context.wallMs()), access });
        return upload.releaseId;
      });
      library.tellPublished(releaseId);
      reply.code(201);
      return shape(request, viewer, await seen(viewer, releaseId));
    },
  );

  api.post(
    '/releases/:id/versions',
    {
      bodyLimit: publishBytesMax,
      onRequest: admitVersion,
      schema: {
        summary: 'The next version of a release',
        tags: ['releases'],
        params: withId,
        body: releaseShapes.addVersionBody,
        response: { 201: releaseShapes.releaseDetail },
      },
    },
    async (request, reply) => {
      const viewer = publisher(request);
      const { id: releaseId } = request.params;
      await read(request, releaseId, async (upload) => {
        const { version, access } = upload;
        const change = access === undefined ? {} : { access: await wanted(viewer, access) };
        await catalogue.addVersion({ ...versionInput(viewer, upload, context.wallMs()), version, ...change });
      });
      library.tellPublished(releaseId);
      reply.code(201);
      return shape(request, viewer, await seen(viewer, releaseId));
    },
  );
}

/** The worker thread that parses a body also validates it. */
function leaveBodiesUnread(api: Api): void {
  const { validatorCompiler } = api;
  if (validatorCompiler === undefined) throw new Error('checks come before the routes of publications');
  api.setValidatorCompiler((route) => (route.httpPart === 'body' ? () => true : validatorCompiler(route)));
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', async (_request: FastifyRequest, payload: IncomingMessage) =>
    collectBody(payload, { bytesMax: publishBytesMax }),
  );
}

function versionInput(
  viewer: Viewer,
  { releaseId, publishedAtMs, signature, parcel }: Upload,
  nowMs: number,
) {
  return { viewer, releaseId, publishedAtMs, signature, parcel, nowMs };
}
