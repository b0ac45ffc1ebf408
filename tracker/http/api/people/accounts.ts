/**
 * Routes for the tracker's description and the user's own account. Left to others: sign-in (sign-in.ts) and
 * other accounts (people.ts).
 */
import { programName } from '../../../../torrents/program.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as peopleShapes from '../../../protocol/api/people-shapes.ts';
import { type Api, type ApiContext, announceUrl, type openGates, signedIn, visitorKey } from '../context.ts';
import { fromBase64 } from '../shapes.ts';
import { ownAnswers } from './own-answers.ts';
import { openPasswordGuard } from './password-guard.ts';
import { addEntranceRoutes, type Entrance } from './sign-in.ts';

export function addAccountRoutes(
  api: Api,
  context: ApiContext,
  gates: ReturnType<typeof openGates>,
  about: { readonly version: string },
): void {
  const entrance = { gates, guard: openPasswordGuard(context, gates), answer: ownAnswers(context) };
  addServer(api, context, about);
  addEntranceRoutes(api, context, entrance);
  addMe(api, context, entrance);
}

function addServer(api: Api, context: ApiContext, about: { readonly version: string }): void {
  const { policy } = context.library;
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
}

function addMe(api: Api, context: ApiContext, { gates, guard, answer }: Entrance): void {
  const { community } = context.library;
  api.get(
    '/accounts/me',
    {
      schema: {
        summary: 'One’s own account',
        tags: ['accounts'],
        response: { 200: peopleShapes.ownAccount },
      },
    },
    async (request) => answer.own(request),
  );

  api.patch(
    '/accounts/me',
    {
      schema: {
        summary: 'Change the password, add the key of a client, or say that one may share what one publishes',
        tags: ['accounts'],
        body: peopleShapes.accountChange,
        response: { 200: peopleShapes.ownAccount },
      },
    },
    async (request) => {
      const own = signedIn(request);
      const { password, publicKey, mayShare } = request.body;
      if (password !== undefined) {
        await guard(own.name, visitorKey(context, request), () =>
          community.changePassword(own, password, own.sessionId),
        );
      }
      if (publicKey !== undefined) await community.addKey(own, fromBase64(publicKey));
      if (mayShare !== undefined) await community.confirmRights(own);
      return answer.own(request);
    },
  );

  api.post(
    '/accounts/me/passkey',
    {
      schema: {
        summary: 'End all announce URLs and feed keys that were handed out; torrents are to be fetched again',
        tags: ['accounts'],
        response: { 200: peopleShapes.ownAccount },
      },
    },
    async (request) => {
      const own = signedIn(request);
      gates.take('changePerAccount', String(own.accountId));
      await community.renewPasskeys(own);
      return answer.own(request);
    },
  );
}
