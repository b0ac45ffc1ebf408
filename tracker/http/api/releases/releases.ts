/** Routes that list, read, change and withdraw releases. Publishing: publish.ts. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { noSuchAccount } from '../../../community/community-error.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as releaseShapes from '../../../protocol/api/release-shapes.ts';
import type { WriterTurns } from '../../uploads/writer-turns.ts';
import { type Api, type ApiContext, askerOf, enter, noContent, signedIn } from '../context.ts';
import { base64, defined, nameIn, releaseShape, versionShape } from '../shapes.ts';
import type { PublicationGates } from './publication-gates.ts';
import { noSuchRelease, releaseAnswers } from './release-answers.ts';

const withId = Type.Object({ id: schemas.releaseIdText });

export function addReleaseRoutes(
  api: Api,
  context: ApiContext,
  publications: PublicationGates,
  turns: WriterTurns,
): void {
  addReleaseLists(api, context);
  addReleaseReads(api, context);
  addReleaseChanges(api, context, publications, turns);
}

interface Asked {
  readonly root?: string;
  readonly after?: string;
  readonly limit?: number;
}

function addReleaseLists(api: Api, context: ApiContext): void {
  const { catalogue, community } = context.library;

  async function list(request: FastifyRequest, user: string | undefined, { root, after, limit }: Asked) {
    const viewer = enter(context, request, 'browse');
    const publisherId = user === undefined ? undefined : await community.accountId(user);
    if (user !== undefined && publisherId === undefined) {
      throw noSuchAccount(user);
    }
    const piecesRoot = root === undefined ? undefined : Buffer.from(root, 'hex');
    const { rows, next } = await catalogue.releases({ viewer, publisherId, piecesRoot, after, limit });
    const names = await community.names([...new Set(rows.map((row) => row.publisherId))]);
    return defined({ rows: rows.map((row) => releaseShape(row, names)), next });
  }

  api.get(
    '/releases',
    {
      schema: {
        summary: 'The newest releases',
        tags: ['releases'],
        querystring: Type.Object({ ...releaseShapes.releasesQuery, user: Type.Optional(schemas.nameText) }),
        response: { 200: schemas.page(releaseShapes.release) },
      },
    },
    async (request) => {
      return list(request, request.query.user, request.query);
    },
  );

  api.get(
    '/accounts/:name/releases',
    {
      schema: {
        summary: 'What a user shares',
        tags: ['releases'],
        params: Type.Object({ name: schemas.nameText }),
        querystring: Type.Object(releaseShapes.releasesQuery),
        response: { 200: schemas.page(releaseShapes.release) },
      },
    },
    async (request) => list(request, request.params.name, request.query),
  );
}

function addReleaseReads(api: Api, context: ApiContext): void {
  const { catalogue, community } = context.library;
  const { seen, shape } = releaseAnswers(context);

  api.get(
    '/releases/:id',
    {
      schema: {
        summary: 'A release: its tracks, and who has it',
        tags: ['releases'],
        params: withId,
        response: { 200: releaseShapes.releaseDetail },
      },
    },
    async (request) => {
      const viewer = enter(context, request, 'browse');
      const { id: releaseId } = request.params;
      // The publisher sees that the release was taken down, and why.
      const release = await catalogue.release({ viewer, releaseId, orTakenDown: true });
      if (release === undefined) throw noSuchRelease();
      return shape(request, viewer, release);
    },
  );

  api.get(
    '/releases/:id/versions',
    {
      schema: {
        summary: 'All versions, each signed by the publisher',
        tags: ['releases'],
        params: withId,
        response: { 200: releaseShapes.versions },
      },
    },
    async (request) => {
      const viewer = enter(context, request, 'browse');
      const { id: releaseId } = request.params;
      const release = await seen(viewer, releaseId);
      const rows = await catalogue.versions({ viewer, releaseId });
      const name = nameIn(await community.names([release.publisherId]), release.publisherId);
      const { publicKey } = await community.account(viewer, name);
      return defined({ publisher: name, publicKey: base64(publicKey), rows: rows.map(versionShape) });
    },
  );
}

/** Changes by the publisher of a release. */
function addReleaseChanges(
  api: Api,
  context: ApiContext,
  publications: PublicationGates,
  turns: WriterTurns,
): void {
  const { catalogue, community } = context.library;
  const { seen, shape, wanted } = releaseAnswers(context);

  api.patch(
    '/releases/:id',
    {
      schema: {
        summary: 'Change who may see a release',
        tags: ['releases'],
        params: withId,
        body: releaseShapes.changeAccessBody,
        response: { 200: releaseShapes.releaseDetail },
      },
    },
    async (request) => {
      const viewer = signedIn(request);
      const { id: releaseId } = request.params;
      const access = await wanted(viewer, request.body.access);
      const { trackCount } = await seen(viewer, releaseId);
      publications.access(viewer.accountId, trackCount);
      const nowMs = context.wallMs();
      await turns.take(askerOf(context, request), trackCount, () =>
        catalogue.changeAccess({ viewer, releaseId, access, nowMs }),
      );
      return shape(request, viewer, await seen(viewer, releaseId));
    },
  );

  api.delete(
    '/releases/:id',
    {
      schema: {
        summary: 'Withdraw a release of one’s own, for good',
        tags: ['releases'],
        params: withId,
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      const viewer = signedIn(request);
      const { id: releaseId } = request.params;
      // Counts as large: the track count is not known here without a query.
      await turns.take(askerOf(context, request), Infinity, () => catalogue.withdraw({ viewer, releaseId }));
      await community.forgetRelease(releaseId);
      return noContent(reply);
    },
  );
}
