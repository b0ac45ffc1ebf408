/**
 * Takes publications in: who may is decided at the headers; the body is read by a thread of its own
 * (uploads/upload-readers.ts); what was read is stored when it is its turn at the writer.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isBanned, isPublisher, may, type Viewer } from '../../../access.ts';
import { notYours } from '../../../catalogue/catalogue-error.ts';
import { dropIncoming } from '../../../catalogue/publication/torrent-files.ts';
import { withContact } from '../../pages/contact.ts';
import type { Upload } from '../../uploads/read-upload.ts';
import { openUploadReaders } from '../../uploads/upload-readers.ts';
import type { WriterTurns } from '../../uploads/writer-turns.ts';
import { type ApiContext, ApiError, askerOf, signedIn, visitorKey } from '../context.ts';
import type { PublicationGates } from './publication-gates.ts';

export function openIntake(context: ApiContext, publications: PublicationGates, turns: WriterTurns) {
  const { library } = context;
  const { community } = library;
  const folder = library.torrentsFolder;
  const readers = openUploadReaders({ folder, workerFile: context.uploadWorker });

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

  return { publisher, admit, admitVersion, read, close: () => readers.close() };
}
