/**
 * How much an account and an address may hand in: publications, their bytes, bytes that are under way at once, and turns
 * of the one writer. All of it but the number of tracks is known from the headers.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { bodiesOfAccount, bodiesOfAddress, publishBytesMax } from '../../uploads/limits.ts';
import { openBudget } from '../budget.ts';
import { ApiError, type openGates } from '../context.ts';

/** Above it, a body takes tenths of a second of the threads that read bodies. */
const largeBytes = 2 * 1024 * 1024;
/** Above it, a release is tenths of a second of the one writer. */
const largeTracks = 500;
/** What bytes are counted in, so that a body of 20 MiB is 320 turns and a small one is one. */
const unitBytes = 64 * 1024;

export interface PublicationGates {
  /** Before the body is read. Throws ApiError `too-often`, `body-too-large`. `address`: of visitorKey. */
  body(accountId: number, address: string, request: FastifyRequest, reply: FastifyReply): void;
  /** Once the body is read: one of many tracks counts like a large one. Throws ApiError `too-often`. */
  tracks(accountId: number, request: FastifyRequest, trackCount: number): void;
  /** Who may see a release of so many tracks is changed. Throws ApiError `too-often`. */
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

/** Bodies without a length are refused before (app.ts). */
function bytesOf({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}
