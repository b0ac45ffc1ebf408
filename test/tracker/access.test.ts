import { describe, expect, it } from 'vitest';
import {
  type Action,
  anonymous,
  givesUpOwnership,
  grantColumns,
  grants,
  hears,
  isBanned,
  isForEveryone,
  isPublisher,
  may,
  mayChangeRole,
  mayEnter,
  mayInviteAs,
  mayJudge,
  mayRule,
  maySee,
  type ReleaseAccess,
  type Role,
  roles,
  rolesThatMay,
  type Viewer,
} from '../../tracker/access.ts';

const actions = Object.keys(grants) as Action[];
const viewer = (accountId: number, role: Role, groupIds: number[] = []): Viewer => ({
  accountId,
  role,
  groupIds,
});

/** The rights in words, one per action. The table in the source lists them per role. */
const written: Readonly<Record<Action, string>> = {
  'see-server': 'everybody',
  'sign-in': 'everybody',
  browse: 'everybody',
  'read-room': 'everybody',
  publish: 'members',
  say: 'members',
  comment: 'members',
  'send-direct': 'members',
  'create-room': 'members',
  'create-group': 'members',
  invite: 'members',
  follow: 'accounts',
  wish: 'accounts',
  'read-direct': 'accounts, their own',
  'read-notices': 'accounts, their own',
  'change-account': 'accounts, their own',
  'change-release': 'accounts, their own',
  'change-group': 'accounts, their own',
  'withdraw-release': 'accounts, their own',
  'take-down': 'moderators',
  moderate: 'moderators',
  mute: 'accounts',
  report: 'accounts',
  'delete-message': 'accounts their own, moderators any',
  'change-room': 'accounts their own, moderators any',
  'withdraw-invitation': 'accounts their own, moderators any',
  ban: 'moderators',
  'change-role': 'moderators',
  'see-metrics': 'moderators',
};

/**
 * For anonymous, guest, member, moderator, owner: the right on another account's things, and on one's own.
 */
const meaning: Readonly<Record<string, readonly [string, string]>> = {
  everybody: ['yyyyy', 'yyyyy'],
  accounts: ['nyyyy', 'nyyyy'],
  members: ['nnyyy', 'nnyyy'],
  moderators: ['nnnyy', 'nnnyy'],
  'accounts, their own': ['nnnnn', 'nyyyy'],
  'accounts their own, moderators any': ['nnnyy', 'nyyyy'],
};

describe('the table of grants', () => {
  it.each(actions)('%s is granted to every role as written here', (action) => {
    const answers = (isOwn: boolean) =>
      grantColumns.map((role) => (may(role, action, isOwn) ? 'y' : 'n')).join('');
    expect([answers(false), answers(true)]).toEqual(meaning[written[action]]);
  });

  it('every role may do what the role below it may', () => {
    for (const action of actions) {
      for (const isOwn of [false, true]) {
        const row = grantColumns.map((role) => Number(may(role, action, isOwn)));
        expect(row, action).toEqual(row.toSorted((a, b) => a - b));
      }
    }
  });

  it("where sign-in is required, a stranger may only see the server's description and sign in", () => {
    const open = actions.filter((action) => mayEnter('anonymous', action, true));
    expect(open).toEqual(['see-server', 'sign-in']);
    expect(
      actions.every((action) => mayEnter('anonymous', action, false) && mayEnter('guest', action, true)),
    ).toBe(true);
  });
});

describe('ranks', () => {
  it('a role may rule lower roles only', () => {
    const ruled = grantColumns.map((actor) => roles.filter((target) => mayRule(actor, target)).join(' '));
    expect(ruled).toEqual(['', '', '', 'guest member', 'guest member moderator']);
  });

  it('every change of a role is allowed or refused as listed', () => {
    const changes = (actor: Viewer['role']) =>
      roles.flatMap((from) =>
        roles.filter((to) => mayChangeRole(actor, from, to)).map((to) => `${from}>${to}`),
      );
    expect(changes('owner')).toHaveLength(16);
    expect(changes('moderator')).toEqual(['guest>guest', 'guest>member', 'member>guest', 'member>member']);
    for (const actor of ['anonymous', 'guest', 'member'] as const) expect(changes(actor)).toEqual([]);
  });

  it('only an owner may decide about what they published themselves', () => {
    const judges = grantColumns.map((actor) => [mayJudge(actor, true), mayJudge(actor, false)].join());
    expect(judges).toEqual([...Array(4).fill('false,true'), 'true,true']);
  });

  it('an owner whose role changes to any other gives up ownership', () => {
    const given = roles.flatMap((from) =>
      roles.filter((to) => givesUpOwnership(from, to)).map((to) => `${from}>${to}`),
    );
    expect(given).toEqual(['owner>guest', 'owner>member', 'owner>moderator']);
  });

  it("the roles that may moderate are those in the database's index", () => {
    expect(rolesThatMay('moderate')).toEqual(['moderator', 'owner']);
  });

  it('a ban ends at its end time exactly, and one without an end never does', () => {
    const banned = (bannedUntilMs?: number) => isBanned({ bannedUntilMs }, 10);
    expect([banned(), banned(9), banned(10), banned(11), banned(Infinity)]).toEqual([
      ...[false, false, false],
      ...[true, true],
    ]);
  });

  it('an invitation makes guests and members, and only members and above may create one', () => {
    const invited = grantColumns.map((actor) => roles.filter((role) => mayInviteAs(actor, role)).join(' '));
    expect(invited).toEqual(['', '', ...Array(3).fill('guest member')]);
  });
});

describe('visibility of a release', () => {
  const people: readonly Viewer[] = [
    anonymous,
    viewer(1, 'guest'),
    viewer(2, 'member'),
    viewer(3, 'member', [7]),
    viewer(4, 'guest', [7]),
    viewer(5, 'moderator', [8]),
    viewer(6, 'owner'),
    viewer(9, 'member'),
  ];
  const seenBy = (access: Omit<ReleaseAccess, 'publisherId'>) =>
    people.filter((one) => maySee(one, { publisherId: 9, ...access })).map(({ accountId }) => accountId ?? 0);

  it('a release is visible to its publisher and to the accounts it names, and to no other by rank', () => {
    expect(seenBy({ visibility: 'everyone' })).toEqual([0, 1, 2, 3, 4, 5, 6, 9]);
    expect(seenBy({ visibility: 'members' })).toEqual([2, 3, 5, 6, 9]);
    expect(seenBy({ visibility: 'group', groupId: 7 })).toEqual([3, 4, 9]);
    expect(seenBy({ visibility: 'people', peopleIds: [1, 6] })).toEqual([1, 6, 9]);
    expect(seenBy({ visibility: 'nobody' })).toEqual([9]);
  });

  it('a release is public exactly if a stranger sees it', () => {
    const all = ['everyone', 'members', 'group', 'people', 'nobody'] as const;
    const open = all.filter((visibility) => isForEveryone({ visibility }));
    expect(open).toEqual(all.filter((visibility) => maySee(anonymous, { visibility, publisherId: 9 })));
    expect(isForEveryone(undefined)).toBe(false);
  });

  it('a release that is not served is visible to no account and has no publisher', () => {
    expect(people.filter((one) => maySee(one, undefined))).toEqual([]);
    expect(people.filter(({ accountId }) => isPublisher(accountId, undefined))).toEqual([]);
  });

  it('a release without a publisher does not belong to a stranger, who has no account either', () => {
    expect(isPublisher(undefined, { publisherId: undefined })).toBe(false);
    expect(maySee(anonymous, { visibility: 'nobody' })).toBe(false);
  });

  it('a release without its list of people or its group is visible to its publisher only', () => {
    expect(seenBy({ visibility: 'group' })).toEqual([9]);
    expect(seenBy({ visibility: 'people' })).toEqual([9]);
  });
});

it('an event is delivered to its audience only', () => {
  const one = viewer(1, 'guest', [7]);
  expect(hears(one, { kind: 'accounts', accountIds: [2, 1] })).toBe(true);
  expect(hears(anonymous, { kind: 'accounts', accountIds: [] })).toBe(false);
  expect(hears(one, { kind: 'room', visibility: 'members' })).toBe(false);
  expect(hears(anonymous, { kind: 'room', visibility: 'everyone' })).toBe(true);
  expect(hears(one, { kind: 'room', visibility: 'group', groupId: 7 })).toBe(true);
  expect(hears(viewer(1, 'owner'), { kind: 'room', visibility: 'group', groupId: 7 })).toBe(false);
});
