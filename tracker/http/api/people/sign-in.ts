/** Routes for registration, signing in and out, and the list of the user's sessions. */
import Type from 'typebox';
import type { SignedIn } from '../../../community/accounts.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as peopleShapes from '../../../protocol/api/people-shapes.ts';
import { calledHost } from '../called-host.ts';
import {
  type Api,
  type ApiContext,
  ApiError,
  noContent,
  type openGates,
  signedIn,
  visitorKey,
} from '../context.ts';
import { fromBase64 } from '../shapes.ts';
import type { OwnAnswers } from './own-answers.ts';
import type { PasswordGuard } from './password-guard.ts';

const named = Type.Object({ name: schemas.nameText });
const withId = Type.Object({ id: Type.String({ maxLength: 64 }) });

/** What the sign-in routes share. */
export interface Entrance {
  readonly gates: ReturnType<typeof openGates>;
  readonly guard: PasswordGuard;
  readonly answer: OwnAnswers;
}

export function addEntranceRoutes(api: Api, context: ApiContext, entrance: Entrance): void {
  addRegistration(api, context, entrance);
  addSignIn(api, context, entrance);
  addSessions(api, context);
}

function addRegistration(api: Api, context: ApiContext, { gates, answer }: Entrance): void {
  const { community } = context.library;
  api.post(
    '/accounts',
    {
      schema: {
        summary: 'Register: a name with a key, a password, or both',
        tags: ['accounts'],
        body: peopleShapes.registrationBody,
        response: { 201: peopleShapes.signedIn },
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
      // A successful registration by invitation does not count: a household shares one address, and an
      // invitation has its own limit.
      if (isInvited) gates.giveBack(gate, visitor);
      reply.code(201);
      if (mayShare === undefined) return answer.inside(entered);
      const viewer = { ...entered.account, groupIds: [] };
      await community.confirmRights(viewer);
      return answer.inside({ ...entered, account: await community.me(viewer) });
    },
  );
}

function addSignIn(api: Api, context: ApiContext, { gates, guard, answer }: Entrance): void {
  const { community } = context.library;
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
        body: peopleShapes.signInBody,
        response: { 201: peopleShapes.signedIn },
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
        entered = await guard(name, visitor, (rank) =>
          community.signInWithPassword(name, password, label, rank),
        );
      } else {
        throw new ApiError(400, 'credentials-missing', 'send a password, or a challenge and its signature');
      }
      reply.code(201);
      return answer.inside(entered);
    },
  );
}

function addSessions(api: Api, { library }: ApiContext): void {
  const { community } = library;
  api.get(
    '/sessions',
    {
      schema: {
        summary: 'Where one is signed in',
        tags: ['accounts'],
        response: { 200: Type.Object({ rows: Type.Array(peopleShapes.session) }) },
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
}
