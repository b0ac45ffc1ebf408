/** Registering, signing in and signing out. Secrets are made here and returned in the answer only. */
import type { NewSession, Registration } from '../accounts.ts';
import { CommunityError } from '../community-error.ts';
import type { Community } from '../contract.ts';
import { nameKey, parseLine, parseName } from '../messages/texts.ts';
import type { MethodContext } from '../method-context.ts';
import { type SessionSecret, signInFailed } from '../stores/sign-in/entrance.ts';
import { publicKeyBytes } from './challenges.ts';
import { firstGeneration, newPublicId, newSecret, tokenHash } from './secrets.ts';

type Entrance = Pick<
  Community,
  | 'newSetupToken'
  | 'register'
  | 'challenge'
  | 'signInWithPassword'
  | 'signInWithKey'
  | 'tellWrongPasswords'
  | 'authenticate'
  | 'sessions'
  | 'signOut'
>;

export function entranceMethods({
  reads,
  writes,
  policy,
  challenges,
  passwords,
  wallMs,
  tell,
  acting,
}: MethodContext): Entrance {
  return {
    async newSetupToken() {
      const { token, hash } = newSecret();
      return (await writes.setSetupToken(hash)) ? token : undefined;
    },

    async register(registration, rank) {
      const { name, key } = parseName(registration.name);
      checkCredentials(registration);
      const { publicKey, password, setupToken, invitation } = registration;
      const { secret, session } = newSession(registration.label);
      const { newcomerRole } = policy;
      const secrets = {
        ...(setupToken !== undefined && { setupHash: tokenHash(setupToken) ?? noToken }),
        ...(invitation !== undefined && { invitationHash: tokenHash(invitation) ?? noToken }),
      };
      const hash = password === undefined ? null : await passwords.hash(password, rank);
      const argument = { name, key, publicKey: publicKey ?? null, password: hash };
      const { answer: account } = await tell(
        writes.register({
          ...argument,
          ...secrets,
          generation: firstGeneration(),
          ...(newcomerRole !== undefined && { newcomerRole }),
          isOwnerTold: !policy.signInRequired,
          session: secret,
          nowMs: wallMs(),
        }),
      );
      return { account, session };
    },

    challenge: (name) => challenges.make(name, wallMs()),

    async signInWithPassword(name, password, label, rank) {
      const credentials = await passwords.find(password, () => reads.credentials(nameKey(name)), rank);
      if (credentials === undefined) throw signInFailed();
      const { secret, session } = newSession(label);
      const { accountId, password: hash } = credentials;
      const argument = { accountId, password: hash, session: secret, nowMs: wallMs() };
      return { account: (await writes.signIn(argument)).answer, session };
    },

    async signInWithKey(signIn, signature, label) {
      const credentials = await reads.credentials(nameKey(signIn.name));
      const isRight = challenges.accept(signIn, signature, credentials?.publicKey, wallMs());
      if (!isRight || credentials === undefined) throw signInFailed();
      const { secret, session } = newSession(label);
      const argument = { accountId: credentials.accountId, session: secret, nowMs: wallMs() };
      return { account: (await writes.signIn(argument)).answer, session };
    },

    async tellWrongPasswords(name, { wrong, addresses }) {
      const from = addresses === 1 ? '1 address' : `${addresses.toLocaleString('en')} addresses`;
      const text = `${wrong.toLocaleString('en')} wrong passwords from ${from} within a day`;
      await tell(writes.tellWrongPasswords({ key: nameKey(name), text, nowMs: wallMs() }));
    },

    async authenticate(token) {
      const hash = tokenHash(token);
      const found = hash && (await reads.authenticate({ tokenHash: hash, nowMs: wallMs() }));
      if (found === undefined) return undefined;
      if (found.isSeenDue) {
        // Only for the list of sessions: the answer does not wait for it, and a full queue may drop it.
        writes.seen({ id: found.viewer.sessionId, nowMs: wallMs() }).catch(() => {});
      }
      return found.viewer;
    },

    sessions: async (viewer, currentId) =>
      reads.sessions({ ...acting(viewer), ...(currentId !== undefined && { currentId }) }),

    async signOut(viewer, id) {
      await tell(writes.signOut({ ...acting(viewer), id }));
    },
  };
}

/** A hash that matches no token. */
const noToken = new Uint8Array(32);

/** A user needs a way to sign in again. */
function checkCredentials({ publicKey, password }: Registration): void {
  if (publicKey === undefined && password === undefined) {
    throw new CommunityError(
      'credentials-missing',
      'an account needs a key or a password to come again with',
    );
  }
  if (publicKey !== undefined) checkPublicKey(publicKey);
}

export function checkPublicKey(publicKey: Uint8Array): void {
  if (publicKey.length === publicKeyBytes) return;
  throw new CommunityError('key-invalid', `an Ed25519 public key has ${publicKeyBytes} bytes`);
}

function newSession(label = ''): { secret: SessionSecret; session: NewSession } {
  const { token, hash } = newSecret();
  const id = newPublicId();
  return { secret: { tokenHash: hash, id, label: parseLine(label) }, session: { token, id } };
}
