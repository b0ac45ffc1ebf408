/** Search over songs and releases. Each result names its holders. */
import Type from 'typebox';
import type { Viewer } from '../../../access.ts';
import type { SearchInput } from '../../../catalogue/contract.ts';
import { noSuchAccount } from '../../../community/community-error.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as releaseShapes from '../../../protocol/api/release-shapes.ts';
import { type Api, type ApiContext, enter, type openGates, visitorKey } from '../context.ts';
import {
  defined,
  holdersOf,
  holdersShownMax,
  namedHolders,
  releaseHitShape,
  swarmHashes,
  trackHitShape,
} from '../shapes.ts';

interface Found {
  readonly releaseId: string;
  readonly publisherId: number;
  readonly version: number;
  readonly infoHash: Uint8Array | undefined;
  readonly infoHashV2: Uint8Array | undefined;
}

export function addSearchRoutes(api: Api, context: ApiContext, gates: ReturnType<typeof openGates>): void {
  const { library } = context;
  const { catalogue, community } = library;

  /** Looks up all names of the page at once. */
  async function withHolders<Row extends Found>(viewer: Viewer, rows: readonly Row[]) {
    const holders = rows.map((row) =>
      holdersOf(
        library,
        viewer,
        row.releaseId,
        [{ hashes: swarmHashes(row), version: row.version }],
        holdersShownMax,
      ),
    );
    const ids = [...rows.map((row) => row.publisherId), ...holders.flat().map(({ accountId }) => accountId)];
    return { holders, names: await community.names([...new Set(ids)]) };
  }

  api.get(
    '/search',
    {
      schema: {
        summary: 'Find songs (or releases) by words',
        description:
          'Words of artist, album, title and genre in any script; mistyped ones are understood. At most 50 rows a page.',
        tags: ['search'],
        querystring: releaseShapes.searchQuery,
        response: {
          200: Type.Union([schemas.page(releaseShapes.trackHit), schemas.page(releaseShapes.releaseHit)]),
        },
      },
    },
    async (request) => {
      const viewer = enter(context, request, 'browse');
      gates.take('searchPerAddress', visitorKey(context, request));
      const { q, kind = 'tracks', user, ...filters } = request.query;
      const publisherId = user === undefined ? undefined : await community.accountId(user);
      if (user !== undefined && publisherId === undefined) {
        throw noSuchAccount(user);
      }
      const input: SearchInput = { ...filters, viewer, text: q, publisherId };
      if (kind === 'tracks') {
        const { rows, next } = await catalogue.searchTracks(input);
        const { holders, names } = await withHolders(viewer, rows);
        const shown = rows.map((row, i) => ({
          ...trackHitShape(row, names),
          holders: namedHolders(holders[i] ?? [], names),
        }));
        return defined({ rows: shown, next });
      }
      const { rows, next } = await catalogue.searchReleases(input);
      const { holders, names } = await withHolders(viewer, rows);
      const shown = rows.map((row, i) => ({
        ...releaseHitShape(row, names),
        holders: namedHolders(holders[i] ?? [], names),
      }));
      return defined({ rows: shown, next });
    },
  );
}
