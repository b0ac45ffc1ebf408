/**
 * What people are told of releases behind the answer: followers and wishes of what was published, a publisher of who has
 * all of it now. All of it can be repeated: whether somebody was told is seen by the notice.
 */
import { isPublisher } from './access.ts';
import type { Catalogue, ReleaseDetail, ServedRelease } from './catalogue/contract.ts';
import type { Community } from './community/contract.ts';

/** A track is compared with wishes by itself, and the writer answers nobody meanwhile: some ten milliseconds. */
const tracksToldAtOnce = 500;
/**
 * More than are acknowledged and untold at one moment, telling being the next thing after the answer; and far fewer than an
 * inbox keeps (1,000): whether somebody was told is seen by the notice, and one that was pushed out would come again.
 */
const untoldMax = 200;

export interface ReleaseNewsOptions {
  readonly catalogue: Pick<Catalogue, 'release' | 'changedLast'>;
  readonly community: Pick<Community, 'tellPublished' | 'tellFinished'>;
  /** As it is served now. */
  readonly served: (releaseId: string) => ServedRelease | undefined;
}

export interface ReleaseNews {
  tellPublished(releaseId: string): Promise<void>;
  tellFinished(releaseId: string, accountId: number): Promise<void>;
  /**
   * Between the acknowledgement of a publication and its notices lies a moment in which the tracker may have ended.
   * `isStopped`: the tracker ends once more.
   */
  tellAgain(isStopped: () => boolean): Promise<void>;
}

export function openReleaseNews({ catalogue, community, served }: ReleaseNewsOptions): ReleaseNews {
  /** As its publisher sees it: for what the tracker itself has to say of it. */
  async function seenByPublisher(releaseId: string): Promise<ReleaseDetail | undefined> {
    const publisherId = served(releaseId)?.access?.publisherId;
    if (publisherId === undefined) return undefined;
    return catalogue.release({ viewer: { accountId: publisherId, role: 'member', groupIds: [] }, releaseId });
  }

  async function tellPublished(releaseId: string): Promise<void> {
    const release = await seenByPublisher(releaseId);
    const access = served(releaseId)?.access;
    if (release === undefined || access === undefined) return;
    const { version, album: title, artist, genre, year, licence } = release;
    const tracks = release.tracks.map((track) => ({
      title: track.title,
      ...given({
        artist: track.artist,
        codec: track.codec,
        isLossless: track.lossless,
        bitRate: track.bitRate,
      }),
    }));
    const about = given({ artist: artist ?? release.albumArtist, genre, year, licence });
    const told = { releaseId, version, access, title, album: title, ...about };
    for (let from = 0; from === 0 || from < tracks.length; from += tracksToldAtOnce) {
      const slice = tracks.slice(from, from + tracksToldAtOnce);
      await community.tellPublished({ ...told, tracks: slice, isRest: from > 0 });
    }
  }

  return {
    tellPublished,
    async tellFinished(releaseId, accountId) {
      const access = served(releaseId)?.access;
      if (access === undefined || isPublisher(accountId, access)) return;
      const release = await seenByPublisher(releaseId);
      if (release === undefined) return;
      const { publisherId, album: title } = release;
      await community.tellFinished({ releaseId, publisherId, title }, accountId);
    },
    async tellAgain(isStopped) {
      for (const releaseId of await catalogue.changedLast(untoldMax)) {
        if (isStopped()) return;
        await tellPublished(releaseId);
      }
    },
  };
}

/** Without the fields that are not there: an absent field and an undefined one are different things to a contract. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
