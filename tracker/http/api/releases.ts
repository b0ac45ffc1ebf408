/** What is shared here: publish, read, change, withdraw; torrents and covers. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { ReleaseDetail, VersionInput, WantedAccess } from '../../catalogue/contract.ts';
import { may, type Viewer } from '../../community/permissions.ts';
import * as schemas from '../../protocol/api-shapes.ts';
import { withContact } from '../contact.ts';
import {
  type Api,
  type ApiContext,
  ApiError,
  announceUrl,
  enter,
  noContent,
  type openGates,
  signedIn,
} from './context.ts';
import { openPublicationGates, publishBytesMax } from './publication-gates.ts';
import {
  base64,
  defined,
  detailShape,
  fromBase64,
  holdersOf,
  holdersOfReleaseMax,
  namedHolders,
  nameIn,
  releaseShape,
  swarmHashes,
  versionShape,
} from './shapes.ts';

const withId = Type.Object({ id: schemas.releaseIdText });

export function addReleaseRoutes(api: Api, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  const { library } = context;
  const { catalogue, community } = library;
  const publications = openPublicationGates(gates);

  /** Throws `not-found`: what is not there, and what may not be seen. */
  async function seen(viewer: Viewer, releaseId: string): Promise<ReleaseDetail> {
    const release = await catalogue.release({ viewer, releaseId });
    if (release === undefined) throw noSuchRelease();
    return release;
  }

  async function shape(request: FastifyRequest, viewer: Viewer, release: ReleaseDetail) {
    const { releaseId } = release;
    const versions = await catalogue.versions({ viewer, releaseId });
    const swarms = versions.map((version) => ({ hashes: swarmHashes(version), version: version.version }));
    const holders = holdersOf(library, viewer, releaseId, swarms, holdersOfReleaseMax);
    const names = await community.names([
      release.publisherId,
      ...(release.peopleIds ?? []),
      ...holders.map(({ accountId }) => accountId),
    ]);
    const groups = release.groupId === undefined ? [] : await community.groups(viewer);
    const group = groups.find(({ groupId }) => groupId === release.groupId)?.name;
    const { takenDown, ...shown } = detailShape(release, names, group);
    const { contact } = context;
    return defined({
      ...shown,
      holders: namedHolders(holders, names),
      announceUrl: announceUrl(context, request, releaseId),
      takenDown: takenDown && defined({ ...takenDown, contact }),
    });
  }

  async function wanted(viewer: Viewer, access: schemas.AccessBody | undefined): Promise<WantedAccess> {
    const { visibility, group, people = [] } = access ?? { visibility: 'everyone' as const };
    if (visibility === 'group') {
      const found = (await community.groups(viewer)).find(({ name }) => name === group);
      if (found === undefined) {
        throw new ApiError(
          400,
          'release-invalid',
          `you are in no group called “${group ?? ''}”: make one of that name, or ask its founder to add you`,
        );
      }
      return { visibility, groupId: found.groupId };
    }
    if (visibility !== 'people') return { visibility };
    const ids = await Promise.all(people.map((name) => community.accountId(name)));
    const missing = people.filter((_, i) => ids[i] === undefined);
    if (missing.length > 0) {
      throw new ApiError(400, 'release-invalid', `nobody is called “${missing[0]}” here`);
    }
    return { visibility, peopleIds: ids.filter((id) => id !== undefined) };
  }

  async function versionInput(
    viewer: Viewer,
    releaseId: string,
    body: Omit<schemas.VersionBody, 'version' | 'access'>,
  ): Promise<VersionInput> {
    const { torrent, album, artist, albumArtist, year, genre, tracks, cover, publishedAtMs, signature } =
      body;
    const { publicKey } = await community.me(viewer);
    const description = {
      album,
      artist,
      albumArtist,
      year,
      genre,
      tracks: tracks.map((track) => ({
        disc: undefined,
        track: undefined,
        artist: undefined,
        durationMs: undefined,
        codec: undefined,
        lossless: undefined,
        bitRate: undefined,
        sampleRate: undefined,
        ...track,
      })),
    };
    return {
      viewer,
      releaseId,
      torrent: fromBase64(torrent),
      description,
      cover: cover === undefined ? undefined : fromBase64(cover),
      publishedAtMs,
      signature: signature === undefined ? undefined : fromBase64(signature),
      publisherKey: publicKey,
      nowMs: Date.now(),
    };
  }

  /** Before the body is read: nobody else may send that much. */
  async function admitPublication(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    publications.body(publisher(request).accountId, request, reply);
  }

  function publisher(request: FastifyRequest): Viewer & { readonly accountId: number } {
    const own = signedIn(request);
    if (!may(own.role, 'publish', true)) {
      const message = withContact('you may not publish here: ask a moderator', context.contact);
      throw new ApiError(403, 'not-allowed', message);
    }
    return own;
  }

  api.get(
    '/releases',
    {
      schema: {
        summary: 'The newest releases',
        tags: ['releases'],
        querystring: Type.Object({ ...schemas.pageQuery, user: Type.Optional(schemas.nameText) }),
        response: { 200: schemas.page(schemas.release) },
      },
    },
    async (request) => {
      const { user, after, limit } = request.query;
      return list(request, user, after, limit);
    },
  );

  api.get(
    '/accounts/:name/releases',
    {
      schema: {
        summary: 'What somebody shares',
        tags: ['releases'],
        params: Type.Object({ name: schemas.nameText }),
        querystring: Type.Object(schemas.pageQuery),
        response: { 200: schemas.page(schemas.release) },
      },
    },
    async (request) => list(request, request.params.name, request.query.after, request.query.limit),
  );

  /** Moderators hear of what waits for them. */
  async function approved<Served>(change: Promise<Served>): Promise<Served> {
    try {
      return await change;
    } catch (error) {
      if ((error as { code?: string }).code === 'awaits-approval') library.tellWaiting();
      throw error;
    }
  }

  async function list(request: FastifyRequest, user: string | undefined, after?: string, limit?: number) {
    const viewer = enter(context, request, 'browse');
    const publisherId = user === undefined ? undefined : await community.accountId(user);
    if (user !== undefined && publisherId === undefined) {
      throw new ApiError(404, 'not-found', 'nobody here has that name');
    }
    const { rows, next } = await catalogue.releases({ viewer, publisherId, after, limit });
    const names = await community.names([...new Set(rows.map((row) => row.publisherId))]);
    return defined({ rows: rows.map((row) => releaseShape(row, names)), next });
  }

  api.post(
    '/releases',
    {
      bodyLimit: publishBytesMax,
      onRequest: admitPublication,
      schema: {
        summary: 'Publish a release',
        tags: ['releases'],
        body: schemas.publishBody,
        response: { 201: schemas.releaseDetail },
      },
    },
    async (request, reply) => {
      const viewer = publisher(request);
      const { releaseId, access, ...body } = request.body;
      publications.tracks(viewer.accountId, request, body.tracks.length);
      const input = await versionInput(viewer, releaseId, body);
      await approved(catalogue.publish({ ...input, access: await wanted(viewer, access) }));
      library.tellPublished(releaseId);
      reply.code(201);
      return shape(request, viewer, await seen(viewer, releaseId));
    },
  );

  api.get(
    '/releases/:id',
    {
      schema: {
        summary: 'A release: its tracks, and who has it',
        tags: ['releases'],
        params: withId,
        response: { 200: schemas.releaseDetail },
      },
    },
    async (request) => {
      const viewer = enter(context, request, 'browse');
      const { id: releaseId } = request.params;
      // Its publisher is told that it was taken down, and why.
      const release = await catalogue.release({ viewer, releaseId, orTakenDown: true });
      if (release === undefined) throw noSuchRelease();
      return shape(request, viewer, release);
    },
  );

  api.patch(
    '/releases/:id',
    {
      schema: {
        summary: 'Change who may see a release',
        tags: ['releases'],
        params: withId,
        body: schemas.changeAccessBody,
        response: { 200: schemas.releaseDetail },
      },
    },
    async (request) => {
      const viewer = signedIn(request);
      const { id: releaseId } = request.params;
      const access = await wanted(viewer, request.body.access);
      const { trackCount } = await seen(viewer, releaseId);
      publications.access(viewer.accountId, trackCount);
      await catalogue.changeAccess({ viewer, releaseId, access, nowMs: Date.now() });
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
      await catalogue.withdraw({ viewer, releaseId });
      await community.forgetRelease(releaseId);
      return noContent(reply);
    },
  );

  api.get(
    '/releases/:id/versions',
    {
      schema: {
        summary: 'All versions, each signed by the publisher',
        tags: ['releases'],
        params: withId,
        response: { 200: schemas.versions },
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

  api.post(
    '/releases/:id/versions',
    {
      bodyLimit: publishBytesMax,
      onRequest: admitPublication,
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
      const { version, access, ...body } = request.body;
      publications.tracks(viewer.accountId, request, body.tracks.length);
      const input = await versionInput(viewer, releaseId, body);
      const change = access === undefined ? {} : { access: await wanted(viewer, access) };
      await approved(catalogue.addVersion({ ...input, version, ...change }));
      library.tellPublished(releaseId);
      reply.code(201);
      return shape(request, viewer, await seen(viewer, releaseId));
    },
  );
}

export function noSuchRelease(): ApiError {
  return new ApiError(404, 'not-found', 'there is no such release here, or you may not see it');
}
