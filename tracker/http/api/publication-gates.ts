/**
 * How much an account may hand in: bytes of bodies that are being read, and turns of the one writer, which answers nobody
 * while it takes the words of a release out of the index and puts them in again, 0.1 ms a track.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { openBudget } from './budget.ts';
import { ApiError, type openGates } from './context.ts';

/** A torrent of 8 MiB in base64, a cover, and 20,000 tracks with their names. */
export const publishBytesMax = 20 * 1024 * 1024;
/** Above it, a body is some tens of milliseconds in which nothing else is answered. */
const largeBytes = 2 * 1024 * 1024;
/** Above it, a release is more than fifty milliseconds in which nothing else is written. */
const largeTracks = 500;
/** Bodies that are being read: two of the largest for an account, eight for all. Each is in memory some three times. */
const publishing = { perKeyMax: 2 * publishBytesMax, allMax: 8 * publishBytesMax };

export interface PublicationGates {
  /** Before the body is read. Throws ApiError `too-often`. */
  body(accountId: number, request: FastifyRequest, reply: FastifyReply): void;
  /** Once the body is read: one of many tracks counts like a large one. Throws ApiError `too-often`. */
  tracks(accountId: number, request: FastifyRequest, trackCount: number): void;
  /** Who may see a release of so many tracks is changed. Throws ApiError `too-often`. */
  access(accountId: number, trackCount: number): void;
}

export function openPublicationGates({ take }: ReturnType<typeof openGates>): PublicationGates {
  const takeBudget = openBudget(publishing);
  const takeLarge = (accountId: number) => take('largePublicationPerAccount', String(accountId));
  return {
    body(accountId, request, reply) {
      take('publicationPerAccount', String(accountId));
      const bytes = bytesOf(request);
      if (bytes > largeBytes) takeLarge(accountId);
      if (takeBudget(String(accountId), bytes, reply.raw)) return;
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

function bytesOf({ headers }: FastifyRequest): number {
  const { 'content-length': length } = headers;
  return length === undefined ? publishBytesMax : Math.min(Number(length), publishBytesMax);
}
