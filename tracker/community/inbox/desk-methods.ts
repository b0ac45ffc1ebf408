/** Follows, wishes, notices and live events. */
import { isLicenceWord } from '../../../torrents/tags/texts/licences.ts';
import { CommunityError } from '../community-error.ts';
import type { Community } from '../contract.ts';
import { lineOf, nameKey } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import { newPublicId } from '../sign-in/secrets.ts';
import type { Followed } from '../stores/inbox/desk.ts';
import { keyWord, type Wish, wishQueryCharactersMax } from './wish.ts';

type DeskPart = Pick<
  Community,
  | 'follow'
  | 'unfollow'
  | 'follows'
  | 'addWish'
  | 'wishes'
  | 'dropWish'
  | 'notices'
  | 'readNotices'
  | 'tellPublished'
  | 'forgetRelease'
  | 'tellFinished'
  | 'eventsAfter'
>;

export function deskMethods({ reads, writes, wallMs, tell, enter, acting }: MethodContext): DeskPart {
  return {
    follow: async (viewer, what) => writes.follow({ ...acting(viewer), what: followed(what) }),
    unfollow: async (viewer, what) => writes.unfollow({ ...acting(viewer), what: followed(what) }),
    follows: async (viewer) => reads.follows(acting(viewer)),

    async addWish(viewer, wish) {
      const who = acting(viewer);
      const clean = checkWish(wish);
      const word = keyWord(clean);
      if (word === undefined) throw new CommunityError('query-invalid', 'there is no word in this wish');
      return writes.addWish({ ...who, id: newPublicId(), wish: clean, word });
    },

    wishes: async (viewer) => reads.wishes(acting(viewer)),
    dropWish: async (viewer, id) => writes.dropWish({ ...acting(viewer), id }),
    notices: async (viewer, page = {}) => reads.notices({ ...acting(viewer), page }),
    readNotices: async (viewer, upTo) => writes.readNotices({ ...acting(viewer), upTo }),

    async tellPublished(release) {
      await tell(writes.tellPublished({ release, nowMs: wallMs() }));
    },

    forgetRelease: (releaseId) => writes.forgetRelease(releaseId),

    async tellFinished(release, accountId) {
      await tell(writes.tellFinished({ release, accountId, nowMs: wallMs() }));
    },

    async eventsAfter(viewer, after) {
      enter(viewer, 'read-room');
      return reads.eventsAfter({ viewer, after });
    },
  };
}

function followed(what: { readonly releaseId: string } | { readonly account: string }): Followed {
  return 'account' in what ? { nameKey: nameKey(what.account) } : { releaseId: what.releaseId };
}

/** Copies the fields of a wish only, so that no others are stored. */
function checkWish(wish: Wish): Wish {
  const { query, format, isLossless, bitRateMin, yearFrom, yearTo, downloads } = wish;
  const licence = wish.licence?.toLowerCase();
  if (licence !== undefined && !isLicenceWord(licence)) {
    throw new CommunityError(
      'query-invalid',
      'that is no licence: wish for cc, cc-by, cc-by-sa and so on, cc0, public-domain, other or any',
    );
  }
  if (query.length > wishQueryCharactersMax || (format?.length ?? 0) > wishQueryCharactersMax) {
    throw new CommunityError(
      'query-invalid',
      `a wish has at most ${wishQueryCharactersMax} characters: shorten it`,
    );
  }
  return {
    query: lineOf(query),
    ...(format !== undefined && { format: lineOf(format) }),
    ...(isLossless !== undefined && { isLossless }),
    ...(bitRateMin !== undefined && { bitRateMin }),
    ...(licence !== undefined && { licence }),
    ...(yearFrom !== undefined && { yearFrom }),
    ...(yearTo !== undefined && { yearTo }),
    ...(downloads !== undefined && { downloads }),
  };
}
