/** Invitations. The secret of an invitation is made here and returned in the answer only. */
import type { Community } from '../contract.ts';
import { parseLine } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import { invitationInvalid } from '../stores/sign-in/invitations.ts';
import { limits } from '../stores/sign-in/limits.ts';
import { newPublicId, newSecret } from './secrets.ts';

type Invitations = Pick<Community, 'invite' | 'invitations' | 'withdrawInvitation'>;

const invitationLifeMsDefault = 7 * 86_400_000;

export function invitationMethods({ reads, writes, acting }: MethodContext): Invitations {
  return {
    async invite(viewer, { role = 'member', note = '', uses = 1, lifeMs = invitationLifeMsDefault }) {
      const who = acting(viewer);
      const { name: inviter } = await reads.me(who);
      const { token, hash } = newSecret();
      const invitation = {
        id: newPublicId(),
        role,
        note: parseLine(note),
        uses: within(uses, limits.invitationUses),
        expiresMs: who.nowMs + within(lifeMs, limits.invitationLifeMs),
      };
      await writes.invite({ ...who, ...invitation, tokenHash: hash });
      const { uses: usesLeft, expiresMs: expiresAtMs, id, note: line } = invitation;
      return { id, inviter, role, note: line, usesLeft, expiresAtMs, token };
    },

    invitations: async (viewer) => reads.invitations(acting(viewer)),
    withdrawInvitation: async (viewer, id) => writes.withdrawInvitation({ ...acting(viewer), id }),
  };
}

function within(value: number, max: number): number {
  if (!Number.isSafeInteger(value) || value < 1 || value > max) throw invitationInvalid();
  return value;
}
