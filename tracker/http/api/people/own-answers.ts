/** Builds the answers that describe the user's own account. */
import type { FastifyRequest } from 'fastify';
import type { OwnAccount, SignedIn } from '../../../community/accounts.ts';
import { type ApiContext, signedIn } from '../context.ts';
import { ownAccountShape } from '../shapes.ts';
import { unreadSeen } from '../talk/seen-notices.ts';

export function ownAnswers({ library }: ApiContext) {
  async function shown(account: OwnAccount) {
    const unreadNotices = await unreadSeen(library, account);
    return ownAccountShape(
      { ...account, unreadNotices },
      library.admission.feedKeyFor(account.accountId) ?? '',
    );
  }
  return {
    own: async (request: FastifyRequest) => shown(await library.community.me(signedIn(request))),
    inside: async ({ account, session }: SignedIn) => ({ account: await shown(account), session }),
  };
}

export type OwnAnswers = ReturnType<typeof ownAnswers>;
