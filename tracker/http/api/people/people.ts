/** Routes for other accounts: profiles, roles and bans, who is online, invitations and groups. */
import Type from 'typebox';
import type { Viewer } from '../../../access.ts';
import * as schemas from '../../../protocol/api/api-shapes.ts';
import * as peopleShapes from '../../../protocol/api/people-shapes.ts';
import { type Api, type ApiContext, enter, noContent, type openGates, signedIn } from '../context.ts';
import { accountShape, defined } from '../shapes.ts';

const named = Type.Object({ name: schemas.nameText });
const withId = Type.Object({ id: Type.String({ maxLength: 64 }) });

type Gates = ReturnType<typeof openGates>;

export function addPeopleRoutes(api: Api, context: ApiContext, gates: Gates): void {
  addAccountsOfOthers(api, context);
  addOnline(api, context);
  addInvitations(api, context, gates);
  addGroups(api, context, gates);
}

/** A user's profile, online state, role and ban. */
function addAccountsOfOthers(api: Api, context: ApiContext): void {
  const { community, online } = context.library;
  api.get(
    '/accounts/:name',
    {
      schema: {
        summary: 'Somebody',
        tags: ['accounts'],
        params: named,
        response: { 200: peopleShapes.account },
      },
    },
    async (request) => {
      const viewer = enter(context, request, 'browse');
      const { name } = request.params;
      const account = await community.account(viewer, name);
      return accountShape(account, await isOnline(viewer, name));
    },
  );

  /** As far as this viewer may know it. */
  async function isOnline(viewer: Viewer, name: string): Promise<boolean> {
    const id = await community.accountId(name);
    return id !== undefined && online.isSeen(viewer, id);
  }

  api.patch(
    '/accounts/:name',
    {
      schema: {
        summary: 'Change the role of a user',
        tags: ['moderation'],
        params: named,
        body: peopleShapes.roleBody,
        response: { 200: peopleShapes.account },
      },
    },
    async (request) => {
      const { name } = request.params;
      const own = signedIn(request);
      const account = await community.changeRole(own, name, request.body.role);
      return accountShape(account, await isOnline(own, name));
    },
  );

  api.put(
    '/accounts/:name/ban',
    {
      schema: {
        summary: 'Ban an account, for a time or for good',
        tags: ['moderation'],
        params: named,
        body: peopleShapes.banBody,
        response: { 200: peopleShapes.account },
      },
    },
    async (request) => {
      const { name } = request.params;
      const own = signedIn(request);
      return accountShape(await community.ban(own, name, request.body), await isOnline(own, name));
    },
  );

  api.delete(
    '/accounts/:name/ban',
    {
      schema: {
        summary: 'Lift a ban',
        tags: ['moderation'],
        params: named,
        response: { 200: peopleShapes.account },
      },
    },
    async (request) => {
      const { name } = request.params;
      const own = signedIn(request);
      return accountShape(await community.unban(own, name), await isOnline(own, name));
    },
  );
}

function addOnline(api: Api, context: ApiContext): void {
  const { community, online } = context.library;
  api.get(
    '/online',
    {
      schema: {
        summary: 'Who shares or fetches at this moment, of what one may see',
        tags: ['accounts'],
        response: { 200: Type.Object({ names: Type.Array(Type.String()), count: Type.Integer() }) },
      },
    },
    async (request) => {
      const here = online.seenBy(enter(context, request, 'browse'));
      const names = await community.names([...here].slice(0, onlineNamesMax));
      return { names: [...names.values()].sort(), count: here.size };
    },
  );
}

function addInvitations(api: Api, context: ApiContext, gates: Gates): void {
  const { community } = context.library;
  api.post(
    '/invitations',
    {
      schema: {
        summary: 'Create an invitation',
        tags: ['accounts'],
        body: peopleShapes.invitationBody,
        response: { 201: peopleShapes.newInvitation },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      takeChange(gates, own.accountId);
      reply.code(201);
      return community.invite(own, request.body);
    },
  );
  api.get(
    '/invitations',
    {
      schema: {
        summary: 'Invitations that are open',
        tags: ['accounts'],
        response: { 200: Type.Object({ rows: Type.Array(peopleShapes.invitation) }) },
      },
    },
    async (request) => ({ rows: [...(await community.invitations(signedIn(request)))] }),
  );
  api.delete(
    '/invitations/:id',
    {
      schema: {
        summary: 'Withdraw an invitation',
        tags: ['accounts'],
        params: withId,
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      await community.withdrawInvitation(signedIn(request), request.params.id);
      return noContent(reply);
    },
  );
}

function addGroups(api: Api, context: ApiContext, gates: Gates): void {
  const { community } = context.library;
  api.get(
    '/groups',
    {
      schema: {
        summary: 'Groups one is in',
        tags: ['accounts'],
        response: { 200: Type.Object({ rows: Type.Array(peopleShapes.group) }) },
      },
    },
    async (request) => ({ rows: (await community.groups(signedIn(request))).map(groupShape) }),
  );
  api.post(
    '/groups',
    {
      schema: {
        summary: 'Found a group',
        tags: ['accounts'],
        body: named,
        response: { 201: peopleShapes.group },
      },
    },
    async (request, reply) => {
      const own = signedIn(request);
      takeChange(gates, own.accountId);
      reply.code(201);
      return groupShape(await community.createGroup(own, request.body.name));
    },
  );
  const member = Type.Object({ group: schemas.nameText, name: schemas.nameText });
  api.put(
    '/groups/:group/members/:name',
    {
      schema: {
        summary: 'Add a user to a group of your own',
        tags: ['accounts'],
        params: member,
        response: { 200: peopleShapes.group },
      },
    },
    async (request) => {
      const { group, name } = request.params;
      return groupShape(await community.addToGroup(signedIn(request), group, name));
    },
  );
  api.delete(
    '/groups/:group/members/:name',
    {
      schema: {
        summary: 'Remove a user from a group, or leave it',
        tags: ['accounts'],
        params: member,
        response: { 204: schemas.emptyAnswer },
      },
    },
    async (request, reply) => {
      const { group, name } = request.params;
      await community.removeFromGroup(signedIn(request), group, name);
      return noContent(reply);
    },
  );
}

function takeChange(gates: Gates, accountId: number): void {
  gates.take('changePerAccount', String(accountId));
}

/** At most 500 names are listed. The count covers all. */
const onlineNamesMax = 500;

function groupShape({
  name,
  founder,
  members,
}: {
  name: string;
  founder: string;
  members: readonly string[];
}) {
  return defined({ name, founder, members: [...members] });
}
