/**
 * The catalogue repeats the rule of access.ts in forms that a database can use. Each form gives the same
 * answer as the rule, for random viewers and releases.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maySee, type ReleaseAccess, type Viewer } from '../../../tracker/access.ts';
import { audienceTexts, membersOf, readAudience } from '../../../tracker/catalogue/audience.ts';
import { migrations, reads, writes } from '../../../tracker/catalogue/catalogue-stores.ts';
import { accessWords, viewerWords } from '../../../tracker/catalogue/search/access-words.ts';
import { openConnection } from '../../../tracker/database/connection.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import { publication, releaseIdOf } from './catalogue-album.ts';
import { access, account, as, viewer } from './catalogue-history.ts';

const releaseAccess = fc
  .tuple(access, account)
  .map(([wanted, publisherId]): ReleaseAccess => ({ ...wanted, publisherId }));

describe('as SQL and in memory', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cicada-visible-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reading a release, a list, a torrent, a song or a search shows what the rule shows', () => {
    const writer = openConnection(join(folder, 'catalogue.db'), 'writer');
    writer.exec('PRAGMA synchronous = OFF');
    migrate(writer, new Map([['catalogue', migrations]]));
    const write = writes(writer);
    const reader = openConnection(join(folder, 'catalogue.db'), 'reader');
    const read = reads(reader);
    let drawn = 0;

    function publish({ publisherId, ...wanted }: ReleaseAccess): string {
      const name = `${drawn} ${publisherId}`;
      const releaseId = releaseIdOf(name);
      const album = { album: 'Album', tracks: [{ title: 'Song', content: name }], private: true };
      write.publish(publication(releaseId, as(publisherId), { ...album, access: wanted }));
      drawn++;
      return releaseId;
    }

    function seenIn(viewer: Viewer, releaseId: string, publisherId: number): Record<string, boolean> {
      const has = ({ rows }: { readonly rows: readonly { readonly releaseId: string }[] }) =>
        rows.some((row) => row.releaseId === releaseId);
      const { infoHashV2, tracks } = read.release({ viewer: as(publisherId), releaseId })!;
      return {
        release: read.release({ viewer, releaseId }) !== undefined,
        versions: read.versions({ viewer, releaseId }).length > 0,
        list: has(read.releases({ viewer, limit: 50 })),
        listOfPublisher: has(read.releases({ viewer, publisherId, limit: 50 })),
        torrent: has({ rows: read.releasesOfTorrent({ viewer, infoHash: infoHashV2! }) }),
        song: has({ rows: read.homesOf({ viewer, piecesRoot: tracks[0]!.piecesRoot! }) }),
        releaseSearch: has(read.searchReleases({ viewer, text: 'album', limit: 50 })),
        trackSearch: has(read.searchTracks({ viewer, text: 'song', limit: 50 })),
        likeSearch: has(read.searchTracks({ viewer, text: 'songg', limit: 50 })),
      };
    }

    fc.assert(
      fc.property(
        fc.array(releaseAccess, { minLength: 1, maxLength: 4 }),
        fc.array(viewer, { minLength: 1, maxLength: 4 }),
        (accesses, viewers) => {
          const released = accesses.map((one) => ({ one, releaseId: publish(one) }));
          for (const viewer of viewers) {
            for (const { one, releaseId } of released) {
              const seen = seenIn(viewer, releaseId, one.publisherId);
              const wrong = Object.entries(seen).filter(([, answer]) => answer !== maySee(viewer, one));
              expect(wrong, JSON.stringify({ viewer, one })).toEqual([]);
            }
          }
          for (const { one, releaseId } of released)
            write.withdraw({ viewer: as(one.publisherId), releaseId });
        },
      ),
      { numRuns: 30 },
    );
    expect(drawn).toBeGreaterThan(30);
    for (const connection of [reader, writer]) connection.close();
  });
});

it("a viewer has one of a release's index words exactly if the rule shows the release", () => {
  fc.assert(
    fc.property(viewer, releaseAccess, (viewer, one) => {
      const words = new Set(accessWords(one));
      expect(viewerWords(viewer).some((word) => words.has(word))).toBe(maySee(viewer, one));
    }),
  );
});

it('an audience under which words are counted includes exactly the viewers of the release', () => {
  fc.assert(
    fc.property(viewer, releaseAccess, (viewer, one) => {
      // A release for members has two audiences, each for a part of its viewers.
      const seen = audienceTexts(one).some((text) => maySee(viewer, readAudience(text)));
      expect(seen).toBe(maySee(viewer, one));
    }),
  );
});

it('words of a release for members are counted once for all members, and separately for its publisher', () => {
  expect(audienceTexts({ visibility: 'members', publisherId: 5 })).toEqual(['members', membersOf(5)]);
});
