/**
 * Limits publications per account and address: their number, their bytes, bytes in progress at once, and use
 * of the single writer. All limits but the number of tracks apply at the headers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodiesOfAccount, bodiesOfAddress, publishBytesMax } from '../../uploads/limits.ts';
import { openBudget } from '../budget.ts';
import { ApiError, type openGates } from '../context.ts';

/** A larger body occupies a reader thread for tenths of a second. */
const largeBytes = 2 * 1024 * 1024;
/** A larger release occupies the single writer for up to tenths of a second. */
const largeTracks = 500;
/** The unit in which bytes are counted: a body of 20 MiB counts as 320 units, a small one as one. */
const unitBytes = 64 * 1024;

export interface PublicationGates {
  /**
   * Called before the body is read. Throws ApiError `too-often`, `body-too-large`. `address`: from
   * visitorKey.
   */
  body(accountId: number, address: string, request: FastifyRequest, reply: FastifyReply): void;
  /**
   * Called after the body is read: a small body with many tracks counts as a large one. Throws ApiError
   * `too-often`.
   */
  tracks(accountId: number, request: FastifyRequest, trackCount: number): void;
  /** Called before the access of a release with that many tracks changes. Throws ApiError `too-often`. */
  access(accountId: number, trackCount: number): void;
}

export function openPublicationGates({ take }: ReturnType<typeof openGates>): PublicationGates {
  const ofAccount = openBudget(bodiesOfAccount);
  const ofAddress = openBudget(bodiesOfAddress);
  const takeLarge = (accountId: number) => take('largePublicationPerAccount', String(accountId));
  return {
    body(accountId, address, request, reply) {
      const account = String(accountId);
      const bytes = bytesOf(request);
      if (bytes > publishBytesMax) {
        throw new ApiError(413, 'body-too-large', 'the body is larger than this address takes');
      }
      take('publicationPerAccount', account);
      take('publicationPerAddress', address);
      if (bytes > largeBytes) {
        takeLarge(accountId);
        take('largePublicationPerAddress', address);
      }
      const units = Math.ceil(bytes / unitBytes);
      take('uploadPerAccount', account, units);
      take('uploadPerAddress', address, units);
      if (ofAccount(account, bytes, reply.raw) && ofAddress(address, bytes, reply.raw)) return;
      throw new ApiError(429, 'too-often', 'too many publications at once: wait for one to be done', 5);
    },
    tracks(accountId, request, trackCount) {
      if (trackCount > largeTracks && bytesOf(request) <= largeBytes) takeLarge(accountId);
    },
    access(accountId, trackCount) {
      take('publicationPerAccount', String(accountId));
      if (trackCount > largeTracks) takeLarge(accountId);
    },
  };
}

/** Bodies without a length are refused earlier (app.ts). */
function bytesOf({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}
