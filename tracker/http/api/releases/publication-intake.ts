/**
 * Accepts publications. The publisher's permission is checked at the headers; a worker thread reads the body
 * (uploads/upload-readers.ts); the result is stored when the writer is free.
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

  /** Runs before the body is read: only publishers may send bodies this large. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { accountId } = publisher(request);
    publications.body(accountId, visitorKey(context, request), request, reply);
  }

  /**
   * Runs before the body is read. A release hidden from the viewer is left to the writer, like a missing one:
   * an earlier refusal here would reveal that it exists, even to a request with an invalid body.
   */
  async function admitVersion(request: FastifyRequest<{ Params: { id: string } }>, reply: FastifyReply) {
    const { accountId } = publisher(request);
    const { id } = request.params;
    const access = library.admission.release(id)?.access;
    if (!isPublisher(accountId, access) && library.admission.sees(accountId, id)) throw notYours();
    await admit(request, reply);
  }

  /** Refuses if the account was deleted or banned while its body was read. */
  function refuseGone(accountId: number): void {
    const account = library.admission.account(accountId);
    if (account !== undefined && isBanned(account, context.wallMs()))
      throw new ApiError(401, 'session-invalid', 'this session has ended');
  }

  /** The torrent is on disk while `store` runs, and is deleted if `store` fails. */
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
      // Notifies moderators of a publication that waits for approval.
      if ((error as { code?: string }).code === 'awaits-approval') library.tellWaiting();
      throw error;
    }
  }

  return { publisher, admit, admitVersion, read, close: () => readers.close() };
}
