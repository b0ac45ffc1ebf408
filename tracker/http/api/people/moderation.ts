/**
 * Routes for moderators: takedowns, blocked content, waiting publications, reports, members and the audit
 * list.
 */
import Type from 'typebox';
import type { AuditEntry } from '../../../community/people/safeguards.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as shapes from '../../../protocol/api/moderation-shapes.ts';
import * as talk from '../../../protocol/api/talk-shapes.ts';
import { type Api, type ApiContext, noContent, signedIn } from '../context.ts';
import { sealedIds } from '../sealed-ids.ts';
import { base64, defined } from '../shapes.ts';

const ofRelease = Type.Object({ id: schemas.releaseIdText });

const tags = ['moderation'];
const done = { 204: schemas.emptyAnswer };

export function addModerationRoutes(api: Api, context: ApiContext): void {
  addTakedowns(api, context);
  addWaiting(api, context);
  addReports(api, context);
  addMembersAndAudit(api, context);
}

function addTakedowns(api: Api, { library }: ApiContext): void {
  const { moderation } = library;
  api.put(
    '/releases/:id/takedown',
    {
      schema: {
        summary: 'Take a release down and block its content',
        description: 'One that the moderator sees, or that was reported. The publisher is told the reason.',
        ...{ tags, params: ofRelease, body: shapes.reasonBody, response: done },
      },
    },
    async (request, reply) => {
      const { id: releaseId } = request.params;
      await moderation.takeDown(signedIn(request), { releaseId, reason: request.body.reason });
      return noContent(reply);
    },
  );
  api.delete(
    '/releases/:id/takedown',
    { schema: { summary: 'Restore a release', tags, params: ofRelease, response: done } },
    async (request, reply) => {
      await moderation.restore(signedIn(request), request.params.id);
      return noContent(reply);
    },
  );

  api.get(
    '/takedowns',
    {
      schema: {
        summary: 'What was taken down, the newest first; or the blocks that stand',
        ...{ tags, querystring: shapes.takedownsQuery, response: { 200: talk.talk(shapes.takedown) } },
      },
    },
    async (request) => {
      const { blocking: isBlocking, ...page } = request.query;
      return listed(await moderation.takedowns(signedIn(request), defined({ ...page, isBlocking })));
    },
  );
  api.delete(
    '/takedowns/:id/block',
    {
      schema: {
        summary: 'Lift a block: the content may be published again',
        ...{ tags, params: shapes.numbered, response: done },
      },
    },
    async (request, reply) => {
      await moderation.liftBlock(signedIn(request), request.params.id);
      return noContent(reply);
    },
  );
}

function addWaiting(api: Api, { library }: ApiContext): void {
  const { moderation } = library;
  api.get(
    '/waiting',
    {
      schema: {
        summary: 'Publications of blocked content that wait for a moderator',
        ...{ tags, querystring: shapes.listQuery, response: { 200: talk.talk(shapes.waiting) } },
      },
    },
    async (request) => listed(await moderation.waiting(signedIn(request), request.query)),
  );
  api.post(
    '/waiting/:id',
    {
      schema: {
        summary: 'Approve or refuse one; its publisher is told, and sends an approved one again',
        ...{ tags, params: shapes.numbered, body: shapes.decisionBody, response: done },
      },
    },
    async (request, reply) => {
      const { decision, reason } = request.body;
      const isApproved = decision === 'approve';
      await moderation.decide(signedIn(request), request.params.id, { isApproved, reason });
      return noContent(reply);
    },
  );
}

function addReports(api: Api, { library }: ApiContext): void {
  const { community } = library;
  const ids = sealedIds(library.key);
  api.get(
    '/reports',
    {
      schema: {
        summary: 'What was reported, but not of oneself: open ones, or closed ones',
        ...{ tags, querystring: shapes.reportsQuery, response: { 200: talk.talk(shapes.report) } },
      },
    },
    async (request) => {
      const { closed: isClosed, ...page } = request.query;
      const { rows, hasMore } = await community.reports(signedIn(request), defined({ ...page, isClosed }));
      const shown = rows.map(({ messageId, ...row }) => ({
        ...{ ...row, texts: [...row.texts] },
        ...(messageId !== undefined && { messageId: ids.seal(messageId) }),
      }));
      return { rows: shown, hasMore };
    },
  );
  api.put(
    '/reports/:id/outcome',
    {
      schema: {
        summary: 'Close a report; its reporters are told that it was dealt with',
        ...{ tags, params: shapes.numbered, body: shapes.outcomeBody, response: done },
      },
    },
    async (request, reply) => {
      await community.closeReport(signedIn(request), request.params.id, request.body.outcome);
      return noContent(reply);
    },
  );
}

function addMembersAndAudit(api: Api, { library }: ApiContext): void {
  const { community } = library;
  const ids = sealedIds(library.key);

  /** Message numbers also count private messages, so they are sealed. */
  function auditShape({ about, ...row }: AuditEntry): AuditEntry {
    if (about === undefined) return row;
    return { ...row, about: row.action === 'delete-message' ? ids.seal(Number(about)) : about };
  }

  api.get(
    '/accounts',
    {
      schema: {
        summary: 'Every account, the newest first; or those that are banned',
        ...{ tags, querystring: shapes.membersQuery, response: { 200: talk.talk(shapes.member) } },
      },
    },
    async (request) => {
      const { banned: isBanned, ...page } = request.query;
      const { rows, hasMore } = await community.members(signedIn(request), defined({ ...page, isBanned }));
      return {
        rows: rows.map(({ publicKey, ...row }) => defined({ ...row, publicKey: base64(publicKey) })),
        hasMore,
      };
    },
  );
  api.get(
    '/audit',
    {
      schema: {
        summary: 'Every moderation, the newest first',
        ...{ tags, querystring: shapes.listQuery, response: { 200: talk.talk(shapes.auditEntry) } },
      },
    },
    async (request) => {
      const { rows, hasMore } = await community.audit(signedIn(request), request.query);
      return { rows: rows.map(auditShape), hasMore };
    },
  );
}

function listed<Row>({ rows, hasMore }: { readonly rows: readonly Row[]; readonly hasMore: boolean }) {
  return { rows: [...rows], hasMore };
}
