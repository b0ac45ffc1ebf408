/** A community on a real database in a temporary folder, with a clock set by the test, and people. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Role } from '../../../tracker/access.ts';
import type { Authenticated, SignedIn } from '../../../tracker/community/accounts.ts';
import {
  communityRoom,
  communityStores,
  openCommunity,
  type WholeCommunity,
} from '../../../tracker/community/community.ts';
import type { Community } from '../../../tracker/community/contract.ts';
import type { CommunityPolicy } from '../../../tracker/community/method-context.ts';
import { openDatabase } from '../../../tracker/database/database.ts';

export interface CommunityBench {
  readonly community: WholeCommunity;
  readonly clock: { nowMs: number };
  /** The stored community, opened again. */
  reopen(policy?: CommunityPolicy): Promise<CommunityBench>;
  close(): Promise<void>;
}

export async function openSqliteCommunity(
  policy?: CommunityPolicy,
  folder = newFolder(),
): Promise<CommunityBench> {
  const database = await openDatabase({
    path: join(folder, 'tracker.sqlite'),
    rooms: { [communityRoom]: communityStores },
  });
  const clock = { nowMs: Date.UTC(2026, 0, 1) };
  const options = { nowMs: () => 0, wallMs: () => clock.nowMs, ...(policy !== undefined && { policy }) };
  return {
    community: openCommunity(database, options),
    clock,
    async reopen(next) {
      await database.close();
      return openSqliteCommunity(next ?? policy, folder);
    },
    async close() {
      await database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'cicada-community-'));
}

let lastKey = 0;

/** 32 bytes that are unique. Nothing is signed with them. */
export function someKey(): Uint8Array {
  const key = new Uint8Array(32);
  new DataView(key.buffer).setUint32(0, ++lastKey);
  return key;
}

export interface Person extends SignedIn {
  readonly viewer: Authenticated;
}

export async function enrol(community: Community, name: string): Promise<Person> {
  const signedIn = await community.register({ name, publicKey: someKey() });
  return { ...signedIn, viewer: (await community.authenticate(signedIn.session.token))! };
}

/** The current rights of a person: a viewer is authenticated anew for each request. */
export async function again(community: Community, { session }: SignedIn): Promise<Authenticated> {
  return (await community.authenticate(session.token))!;
}

export async function enrolAs(
  community: Community,
  owner: Person,
  name: string,
  role: Role,
): Promise<Person> {
  const person = await enrol(community, name);
  await community.changeRole(owner.viewer, name, role);
  return { ...person, viewer: await again(community, person) };
}

export async function enrolOwner(community: Community, name = 'Olga'): Promise<Person> {
  const setupToken = (await community.newSetupToken())!;
  const signedIn = await community.register({ name, publicKey: someKey(), setupToken });
  return { ...signedIn, viewer: await again(community, signedIn) };
}
