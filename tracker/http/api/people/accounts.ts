/** Coming in, and one's own account. Other people: people.ts. */
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { programName } from '../../../../torrents/program.ts';
import type { OwnAccount, SignedIn } from '../../../community/contract.ts';
import { nameKey } from '../../../community/messages/texts.ts';
import { openGuesses, type TooSoon } from '../../../community/sign-in/guesses.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import { calledHost } from '../called-host.ts';
import {
  type Api,
  type ApiContext,
  ApiError,
  announceUrl,
  noContent,
  type openGates,
  signedIn,
  visitorKey,
} from '../context.ts';
import { fromBase64, ownAccountShape } from '../shapes.ts';
import { unreadSeen } from '../talk/seen-notices.ts';

const named = Type.Object({ name: schemas.nameText });
const withId = Type.Object({ id: Type.String({ maxLength: 64 }) });

export function addAccountRoutes(
  api: Api,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
  about: { readonly version: string },
): void {
  const { library } = context;
  const { community, policy } = library;
  const guesses = openGuesses();

  const inside = async ({ account, session }: SignedIn) => ({
    account: await shown(account),
    session,
  });

  api.get(
    '/server',
    {
      schema: { summary: 'What this tracker is', tags: ['server'], response: { 200: schemas.serverAnswer } },
    },
    async (request) => {
      return {
        name: `${programName} tracker`,
        version: about.version,
        signInRequired: policy.signInRequired,
        registration: policy.newcomerRole === undefined ? ('invited' as const) : ('open' as const),
        announceUrl: announceUrl(context, request),
        ...(context.contact !== undefined && { contact: context.contact }),
        nowMs: context.wallMs(),
      };
    },
  );

  api.post(
    '/accounts',
    {
      schema: {
        summary: 'Register: a name with a key, a password, or both',
        tags: ['accounts'],
        body: schemas.registrationBody,
        response: { 201: schemas.signedIn },
      },
    },
    async (request, reply) => {
      const { publicKey, mayShare, ...rest } = request.body;
      const isInvited = rest.invitation !== undefined || rest.setupToken !== undefined;
      const gate = isInvited ? 'invitedRegistrationPerAddress' : 'registrationPerAddress';
      const visitor = visitorKey(context, request);
      gates.take(gate, visitor);
      const key = publicKey === undefined ? {} : { publicKey: fromBase64(publicKey) };
      const entered = await community.register({ ...rest, ...key }, gates.debt(gate, visitor));
      // A household comes in through one address: an invitation has its own limit.
      if (isInvited) gates.giveBack(gate, visitor);
      reply.code(201);
      if (mayShare === undefined) return inside(entered);
      const viewer = { ...entered.account, groupIds: [] };
      await community.confirmRights(viewer);
      return inside({ ...entered, account: await community.me(viewer) });
    },
  );

  api.get(
    '/challenge',
    {
      schema: {
        summary: 'Something to sign, good once and for a minute',
        tags: ['accounts'],
        querystring: named,
        response: {
          200: Type.Object({ challenge: Type.String(), expiresAtMs: Type.Integer(), host: Type.String() }),
        },
      },
    },
    async (request) => {
      gates.take('challengePerAddress', visitorKey(context, request));
      return { ...community.challenge(request.query.name), host: calledHost(context, request) };
    },
  );

  api.post(
    '/sessions',
    {
      schema: {
        summary: 'Sign in, by password or by a signed challenge',
        tags: ['accounts'],
        body: schemas.signInBody,
        response: { 201: schemas.signedIn },
      },
    },
    async (request, reply) => {
      const { name, password, challenge, signature, label } = request.body;
      const visitor = visitorKey(context, request);
      let entered: SignedIn;
      if (challenge !== undefined && signature !== undefined) {
        gates.take('keySignInPerAddress', visitor);
        const host = calledHost(context, request);
        entered = await community.signInWithKey({ host, name, challenge }, fromBase64(signature), label);
      } else if (password !== undefined) {
        entered = await guessing(name, visitor, (rank) =>
          community.signInWithPassword(name, password, label, rank),
        );
      } else {
        throw new ApiError(400, 'credentials-missing', 'send a password, or a challenge and its signature');
      }
      reply.code(201);
      return inside(entered);
    },
  );

  api.get(
    '/sessions',
    {
      schema: {
        summary: 'Where one is signed in',
        tags: ['accounts'],
        response: { 200: Type.Object({ rows: Type.Array(schemas.session) }) },
      },
    },
    async (request) => {
      const own = signedIn(request);
      return { rows: [...(await community.sessions(own, own.sessionId))] };
    },
  );

  api.delete(
    '/sessions/:id',
    {
      schema: {
        summary: 'Sign out: `current`, or another session of one’s own',
        tags: ['accounts'],
        params: withId,
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      const { id } = request.params;
      await community.signOut(own, id === 'current' ? own.sessionId : id);
      return noContent(reply);
    },
  );

  api.get(
    '/accounts/me',
    { schema: { summary: 'One’s own account', tags: ['accounts'], response: { 200: schemas.ownAccount } } },
    async (request) => ownShape(request),
  );

  api.patch(
    '/accounts/me',
    {
      schema: {
        summary: 'Change the password, add the key of a client, or say that one may share what one publishes',
        tags: ['accounts'],
        body: schemas.accountChange,
        response: { 200: schemas.ownAccount },
      },
    },
    async (request) => {
      const own = signedIn(request);
      const { password, publicKey, mayShare } = request.body;
      if (password !== undefined) {
        await guessing(own.name, visitorKey(context, request), () =>
          community.changePassword(own, password, own.sessionId),
        );
      }
      if (publicKey !== undefined) await community.addKey(own, fromBase64(publicKey));
      if (mayShare !== undefined) await community.confirmRights(own);
      return ownShape(request);
    },
  );

  api.post(
    '/accounts/me/passkey',
    {
      schema: {
        summary: 'End all announce URLs and feed keys that were handed out; torrents are to be fetched again',
        tags: ['accounts'],
        response: { 200: schemas.ownAccount },
      },
    },
    async (request) => {
      const own = signedIn(request);
      gates.take('changePerAccount', String(own.accountId));
      await community.renewPasskeys(own);
      return ownShape(request);
    },
  );

  /** `look` looks at a password. Throws ApiError `too-often`, or what `look` rejects with. */
  async function guessing<Result>(
    name: string,
    visitor: string,
    look: (rank: number) => Promise<Result>,
  ): Promise<Result> {
    // However it is written: there are many ways to write each name.
    const attempt = guesses.attempt(nameKey(name), visitor, gates.nowMs());
    if ('waitMs' in attempt) throw tooManyGuesses(attempt);
    try {
      const result = await look(attempt.rank);
      attempt.settle('right');
      return result;
    } catch (error) {
      const code = (error as { code?: unknown }).code;
      // A banned account is told so after its password was right.
      const outcome = code === 'sign-in-failed' ? 'wrong' : code === 'account-banned' ? 'right' : 'untried';
      const warning = attempt.settle(outcome);
      if (warning !== undefined) community.tellWrongPasswords(name, warning).catch(context.onError);
      throw error;
    }
  }

  async function ownShape(request: FastifyRequest) {
    return shown(await community.me(signedIn(request)));
  }

  async function shown(account: OwnAccount) {
    const unreadNotices = await unreadSeen(library, account);
    return ownAccountShape(
      { ...account, unreadNotices },
      library.admission.feedKeyFor(account.accountId) ?? '',
    );
  }
}

/** The rest of an hour and more is said in minutes: nobody counts 3,540 seconds. */
const secondsSaidMax = 120;

function tooManyGuesses({ waitMs, of }: TooSoon): ApiError {
  const seconds = Math.ceil(waitMs / 1000);
  const wait = seconds > secondsSaidMax ? `${Math.ceil(seconds / 60)} min` : `${seconds} s`;
  const what = of === 'name' ? 'for this name from your address' : 'from your address';
  const message = `too many passwords were tried ${what}: try again in ${wait}; signing in by key is not affected`;
  return new ApiError(429, 'too-often', message, seconds);
}
