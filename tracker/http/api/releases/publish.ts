/**
 * Publishing: a release, and its next version. Who may, how often and how much is decided at the headers; the body is
 * collected and read by a thread of its own (uploads/upload-readers.ts). In the thread of announces nothing of it is
 * looked at but its length.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import { isBanned, isPublisher, may, type Viewer } from '../../../access.ts';
import { notYours } from '../../../catalogue/catalogue-error.ts';
import { dropIncoming } from '../../../catalogue/publication/torrent-files.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import { withContact } from '../../pages/contact.ts';
import { collectBody } from '../../uploads/body.ts';
import { publishBytesMax } from '../../uploads/limits.ts';
import type { Upload } from '../../uploads/read-upload.ts';
import { openUploadReaders } from '../../uploads/upload-readers.ts';
import type { WriterTurns } from '../../uploads/writer-turns.ts';
import { type Api, type ApiContext, ApiError, askerOf, signedIn, visitorKey } from '../context.ts';
import type { PublicationGates } from './publication-gates.ts';
import { releaseAnswers } from './release-answers.ts';

const withId = Type.Object({ id: schemas.releaseIdText });

export function addPublishRoutes(
  api: Api,
  context: ApiContext,
  publications: PublicationGates,
  turns: WriterTurns,
): void {
  const { library } = context;
  const { catalogue, community } = library;
  const { seen, shape, wanted } = releaseAnswers(context);
  const folder = library.torrentsFolder;
  const readers = openUploadReaders({ folder, workerFile: context.uploadWorker });
  api.addHook('onClose', () => readers.close());

  // Bodies are checked where they are read.
  const validatorCompiler = api.validatorCompiler!;
  api.setValidatorCompiler((route) => (route.httpPart === 'body' ? () => true : validatorCompiler(route)));
  api.removeAllContentTypeParsers();
  api.addContentTypeParser('application/json', async (_request: FastifyRequest, payload: IncomingMessage) =>
    collectBody(payload, { bytesMax: publishBytesMax }),
  );

  function publisher(request: FastifyRequest): Viewer & { readonly accountId: number } {
    const own = signedIn(request);
    if (!may(own.role, 'publish', true)) {
      const message = withContact('you may not publish here: ask a moderator', context.contact);
      throw new ApiError(403, 'not-allowed', message);
    }
    if (!own.hasRights) {
      const message =
        'publishing takes your word, once for your account, that you may share what you publish: PATCH /api/v1/accounts/me {"mayShare":true}';
      throw new ApiError(403, 'rights-unconfirmed', message);
    }
    return own;
  }

  /** Before the body is read: nobody else may send that much. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { accountId } = publisher(request);
    publications.body(accountId, visitorKey(context, request), request, reply);
  }

  /**
   * Before the body is read, too. A release that they may not see is left to the writer, like one that is not there: were
   * it refused here, it could be told from that one by sending a body that is none.
   */
  async function admitVersion(request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply) {
    const { accountId } = publisher(request);
    const { id } = request.params;
    const access = library.admission.release(id)?.access;
    if (!isPublisher(accountId, access) && library.admission.sees(accountId, id)) throw notYours();
    await admit(request, reply);
  }

  /** While its body was read the account was deleted or banned. */
  function refuseGone(accountId: number): void {
    const account = library.admission.account(accountId);
    if (account !== undefined && isBanned(account, context.wallMs()))
      throw new ApiError(401, 'session-invalid', 'this session has ended');
  }

  /** Its torrent is on the disk while `store` runs, and nothing of it is when `store` fails. */
  async function read<Stored>(
    request: FastifyRequest,
    releaseId: string | undefined,
    store: (upload: Upload) => Promise<Stored>,
  ): Promise<Stored> {
    const viewer = publisher(request);
    const { publicKey: publisherKey } = await community.me(viewer);
    const asker = askerOf(context, request);
    const blocks = request.body as Uint8Array[];
    const upload = await readers.read(asker, { frame: { publisherKey, releaseId }, blocks });
    try {
      publications.tracks(viewer.accountId, request, upload.trackCount);
      return await turns.take(asker, upload.trackCount, () => {
        refuseGone(viewer.accountId);
        return store(upload);
      });
    } catch (error) {
      await dropIncoming(folder, upload.torrent);
      // Moderators hear of what waits for them.
      if ((error as { code?: string }).code === 'awaits-approval') library.tellWaiting();
      throw error;
    }
  }

  api.post(
    '/releases',
    {
      bodyLimit: publishBytesMax,
      onRequest: admit,
      schema: {
        summary: 'Publish a release',
        tags: ['releases'],
        body: schemas.publishBody,
        response: { 201: schemas.releaseDetail },
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
        body: schemas.addVersionBody,
        response: { 201: schemas.releaseDetail },
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

function versionInput(
  viewer: Viewer,
  { releaseId, publishedAtMs, signature, parcel }: Upload,
  nowMs: number,
) {
  return { viewer, releaseId, publishedAtMs, signature, parcel, nowMs };
}
