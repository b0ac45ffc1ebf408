/**
 * Notices about releases, sent after the answer: to followers and wishes about a publication, to a publisher
 * about who has completed a release. All of it can be repeated, since an existing notice is not sent again.
 */
import { isPublisher } from './access.ts';
import type { Catalogue, ReleaseDetail, ServedRelease } from './catalogue/contract.ts';
import type { Community } from './community/contract.ts';

/**
 * The writer compares each track with the wishes and answers no other call in these some ten milliseconds.
 */
const tracksToldAtOnce = 500;
/**
 * More than can be acknowledged but not yet notified at one moment, since notices follow the answer directly.
 * Far fewer than an inbox keeps (1,000), since a notice that was pushed out of an inbox would be sent again.
 */
const untoldMax = 200;

export interface ReleaseNewsOptions {
  readonly catalogue: Pick<Catalogue, 'release' | 'changedLast'>;
  readonly community: Pick<Community, 'tellPublished' | 'tellFinished'>;
  /** The release as it is served now. */
  readonly served: (releaseId: string) => ServedRelease | undefined;
}

export interface ReleaseNews {
  tellPublished(releaseId: string): Promise<void>;
  tellFinished(releaseId: string, accountId: number): Promise<void>;
  /**
   * Repeats the notices of the last publications, in case the tracker ended between an acknowledgement and
   * its notices. `isStopped`: the tracker is stopping again.
   */
  tellAgain(isStopped: () => boolean): Promise<void>;
}

export function openReleaseNews({ catalogue, community, served }: ReleaseNewsOptions): ReleaseNews {
  /** The release as its publisher sees it, for the tracker's own notices. */
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

/** Removes undefined fields: to a contract an absent field and an undefined one differ. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
