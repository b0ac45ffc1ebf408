/** Routes that delete the user's own account and export its data. */
import { Readable } from 'node:stream';
import Type from 'typebox';
import type { Authenticated } from '../../../community/accounts.ts';
import type { OwnDataRow } from '../../../community/people/own-account.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import { type Api, type ApiContext, noContent, type openGates, signedIn } from '../context.ts';
import { defined, detailShape, ownAccountShape, versionShape } from '../shapes.ts';

export function addOwnAccountRoutes(
  api: Api,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
): void {
  const { library } = context;

  api.delete(
    '/accounts/me',
    {
      schema: {
        summary:
          'Delete one’s own account, for good: with its name, and a session of the last ten minutes. Its releases are withdrawn, its messages lose their texts',
        tags: ['accounts'],
        body: Type.Object({ name: schemas.nameText }, schemas.loose),
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      gates.take('changePerAccount', String(own.accountId));
      await library.deleteAccount(own, { name: request.body.name, sessionId: own.sessionId });
      return noContent(reply);
    },
  );

  api.get(
    '/accounts/me/export',
    {
      schema: {
        summary:
          'All that is kept of one’s own account, an object of JSON a line; the last one has the kind `end`',
        tags: ['accounts'],
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      gates.take('exportPerAccount', String(own.accountId));
      reply.type('application/x-ndjson; charset=utf-8');
      reply.header('content-disposition', 'attachment; filename="cicada-account.ndjson"');
      return reply.send(Readable.from(linesOf(context, own), { objectMode: false }));
    },
  );
}

/** Rows are read a page at a time, as the client reads the response. */
async function* linesOf(context: ApiContext, own: Authenticated): AsyncGenerator<string> {
  let count = 0;
  for await (const [kind, fields] of dataOf(context, own)) {
    count += 1;
    yield `${JSON.stringify({ kind, ...fields })}\n`;
  }
  yield `${JSON.stringify({ kind: 'end', lines: count })}\n`;
}

/**
 * The export contains no secrets (tokens, feed keys, announce URLs), and of other users only what they sent
 * to this account.
 */
async function* dataOf(
  { library }: ApiContext,
  own: Authenticated,
): AsyncGenerator<readonly [kind: string, fields: object]> {
  const { community } = library;
  const { feedKey: _, ...account } = ownAccountShape(await community.me(own), '');
  yield ['account', account];
  for (const session of await community.sessions(own, own.sessionId)) yield ['session', session];
  for (const { groupId: __, ...group } of await community.groups(own)) yield ['group', group];
  for (const invitation of await community.invitations(own)) {
    if (invitation.inviter === own.name) yield ['invitation', invitation];
  }
  const { releaseIds, accounts } = await community.follows(own);
  for (const release of releaseIds) yield ['follow', { release }];
  for (const name of accounts) yield ['follow', { account: name }];
  for (const wish of await community.wishes(own)) yield ['wish', wish];
  for (const muted of await community.mutes(own)) yield ['mute', muted];
  yield* releasesOf(library, own);
  for (const kind of ['messages', 'notices', 'reports'] as const) {
    for (let after = 0; ; ) {
      const rows: readonly OwnDataRow[] = await community.ownData(own, kind, after);
      for (const { id: ___, ...row } of rows) {
        // A notice's own kind moves to `about`, because `kind` is the kind of the line.
        const fields = 'kind' in row ? { ...row, about: row.kind, kind: 'notice' } : row;
        yield [kind.slice(0, -1), fields];
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.id;
    }
  }
}

async function* releasesOf(
  { catalogue, community }: ApiContext['library'],
  viewer: Authenticated,
): AsyncGenerator<readonly [kind: string, fields: object]> {
  const groups = await community.groups(viewer);
  for (let after = 0; ; ) {
    const owned = await catalogue.ownedBy(viewer.accountId, after);
    if (owned.length === 0) return;
    for (const { releaseId, number } of owned) {
      after = number;
      const release = await catalogue.release({ viewer, releaseId, orTakenDown: true });
      if (release === undefined) continue;
      const names = await community.names([release.publisherId, ...(release.peopleIds ?? [])]);
      const group = groups.find(({ groupId }) => groupId === release.groupId)?.name;
      const versions = (await catalogue.versions({ viewer, releaseId })).map(versionShape);
      yield ['release', defined({ ...detailShape(release, names, group), versions })];
    }
  }
}
