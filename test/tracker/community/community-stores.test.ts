/** Rules for all operations of the community's stores. */
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, it } from 'vitest';
import {
  type CommunityWrites,
  migrations,
  reads,
  writes,
} from '../../../tracker/community/stores/community-stores.ts';
import { limits } from '../../../tracker/community/stores/sign-in/limits.ts';
import { migrate } from '../../../tracker/database/migrations.ts';
import type { Operation } from '../../../tracker/database/store.ts';

const nowMs = 1_000_000;
const hash = (byte: number) => new Uint8Array(32).fill(byte);
const session = (byte: number) => ({ tokenHash: hash(byte), id: `s${byte}`, label: '' });

/** The arguments of each operation. All they name exists, so only the acting account can be wrong. */
const acting: Partial<Record<keyof CommunityWrites, object>> = {
  addKey: { publicKey: hash(9) },
  setPassword: { old: 'old', password: 'x', kept: null },
  renewPasskeys: {},
  changeRole: { key: 'other', role: 'guest' },
  ban: { key: 'other', reason: '', untilMs: null },
  unban: { key: 'other' },
  invite: { id: 'i2', tokenHash: hash(8), role: 'guest', note: '', uses: 1, expiresMs: nowMs + 1 },
  withdrawInvitation: { id: 'i1' },
  createGroup: { name: 'Second', key: 'second' },
  addToGroup: { key: 'group', nameKey: 'other' },
  removeFromGroup: { key: 'group', nameKey: 'other' },
  createRoom: { name: 'Room', key: 'room', topic: '', visibility: 'everyone' },
  changeTopic: { key: 'lobby', topic: '' },
  say: { key: 'lobby', text: 'hi' },
  sayTo: { nameKey: 'other', text: 'hi' },
  comment: { release: { releaseId: 'r', publisherId: 2, title: '' }, text: 'hi' },
  deleteMessage: { id: 1 },
  readNotices: { upTo: 1 },
  follow: { what: { releaseId: 'r' } },
  unfollow: { what: { releaseId: 'r' } },
  addWish: { id: 'w2', wish: { query: 'a' }, word: 'a' },
  dropWish: { id: 'w1' },
  mute: { nameKey: 'other', isBlock: true },
  unmute: { nameKey: 'other', isBlock: true },
  report: { what: { nameKey: 'other' }, text: 'noise' },
  confirmRights: {},
  closeReport: { id: 1, outcome: 'talked' },
};
/** Operations of the tracker itself, or of a holder of a secret. */
const others: readonly (keyof CommunityWrites)[] = [
  ...(['setSetupToken', 'register', 'signIn', 'seen', 'signOut'] as const),
  ...(['tellPublished', 'tellFinished', 'forgetRelease', 'tellWaiting', 'setKeyFingerprint'] as const),
  'tellWrongPasswords',
  ...(['setRegistration', 'deleteAccount', 'eraseMessagesOf', 'finishDeparture'] as const),
];

let db: DatabaseSync;
let store: CommunityWrites;
let by: number;

beforeEach(() => {
  db = new DatabaseSync(':memory:');
  db.exec('PRAGMA foreign_keys = ON');
  migrate(db, new Map([['community', migrations]]));
  store = writes(db);
  store.setSetupToken(hash(1));
  const newcomer = (name: string, byte: number) =>
    store.register({
      ...{ name, key: name.toLowerCase(), publicKey: hash(byte), password: null, generation: 1 },
      ...{ newcomerRole: 'member', isOwnerTold: true, session: session(byte), nowMs },
    }).answer.accountId;
  by = store.register({
    ...{ name: 'Owner', key: 'owner', publicKey: null, password: 'old', generation: 1 },
    ...{ setupHash: hash(1), isOwnerTold: true, session: session(1), nowMs },
  }).answer.accountId;
  newcomer('Other', 2);
  const acts = { by, nowMs };
  store.createGroup({ ...acts, name: 'Group', key: 'group' });
  store.addToGroup({ ...acts, key: 'group', nameKey: 'other' });
  store.say({ ...acts, key: 'lobby', text: 'first' });
  store.addWish({ ...acts, id: 'w1', wish: { query: 'a' }, word: 'a' });
  store.report({ ...acts, what: { nameKey: 'other' }, text: 'noise' });
  store.invite({
    ...acts,
    id: 'i1',
    tokenHash: hash(7),
    role: 'guest',
    note: '',
    uses: 1,
    expiresMs: nowMs + 1,
  });
});

it('these tests cover every operation', () => {
  expect([...Object.keys(acting), ...others].toSorted()).toEqual(Object.keys(store).toSorted());
});

it.each(Object.keys(acting) as (keyof CommunityWrites)[])(
  '%s is allowed to an owner, and refused to a banned or unknown account',
  (name) => {
    const operation: Operation = store[name];
    const argument = { ...acting[name], nowMs };
    db.exec(`UPDATE accounts SET banned_ms = 0 WHERE id = ${by}`);
    expect(() => operation({ ...argument, by })).toThrow(expect.objectContaining({ code: 'account-banned' }));
    expect(() => operation({ ...argument, by: 99 })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^not-(signed-in|found)$/) }),
    );
    db.exec('UPDATE accounts SET banned_ms = NULL');
    operation({ ...argument, by });
  },
);

it('an account at its limit of mutes can still block each muted account, and mute no other', () => {
  const put = db.prepare(`
    INSERT INTO accounts (name, name_key, role, generation, created_ms) VALUES (:name, :name, 'member', 1, 0)`);
  const acts = { by, nowMs, isBlock: false };
  for (let n = 0; n < limits.mutesPerAccount; n++) {
    put.run({ name: `noisy${n}` });
    store.mute({ ...acts, nameKey: `noisy${n}` });
  }
  expect(() => store.mute({ ...acts, nameKey: 'other' })).toThrow(
    expect.objectContaining({ code: 'limit-reached' }),
  );
  store.mute({ ...acts, nameKey: 'noisy0', isBlock: true });
  expect(db.prepare('SELECT count(*) AS n FROM mutes WHERE is_block = 1').get()).toMatchObject({ n: 1 });
});

it('no query scans all messages, notices, accounts or sessions', () => {
  const asked: string[] = [];
  const prepare = db.prepare.bind(db);
  db.prepare = (sql, ...rest) => {
    asked.push(sql);
    return prepare(sql, ...rest);
  };
  reads(db);
  writes(db);
  const walks = asked.flatMap((sql) => {
    const plan = prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
    const wholeTable =
      /^SCAN (m|n|a|messages|notices|accounts|sessions|conversations|wishes)\b(?!.*accounts_owners)/;
    return plan.map(({ detail }) => String(detail)).filter((detail) => wholeTable.test(detail));
  });
  expect(asked.length).toBeGreaterThan(50);
  expect(walks).toEqual([]);
});
