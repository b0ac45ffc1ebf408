/**
 * Shared by the routes of releases: finding a release that the viewer may see, its answer, and the requested
 * access.
 */
import type { FastifyRequest } from 'fastify';
import type { Viewer } from '../../../access.ts';
import type { ReleaseDetail, WantedAccess } from '../../../catalogue/contract.ts';
import type * as schemas from '../../../protocol/api/release-shapes.ts';
import { type ApiContext, ApiError, announceUrl } from '../context.ts';
import {
  defined,
  detailShape,
  holdersOf,
  holdersOfReleaseMax,
  namedHolders,
  swarmHashes,
} from '../shapes.ts';

export function releaseAnswers(context: ApiContext) {
  const { library } = context;
  const { catalogue, community } = library;

  /** Throws `not-found` for a missing release and for one hidden from the viewer. */
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
      throw new ApiError(400, 'release-invalid', `no user is called “${missing[0]}” here`);
    }
    return { visibility, peopleIds: ids.filter((id) => id !== undefined) };
  }

  return { seen, shape, wanted };
}

export function noSuchRelease(): ApiError {
  return new ApiError(404, 'not-found', 'there is no such release here, or you may not see it');
}
