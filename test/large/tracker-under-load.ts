/**
 * A program to be killed: the tracker's catalogue and community on one database, with people who publish and talk
 * without end. Every acknowledgement goes to the parent as soon as it is there; the parent may ask whether all it was
 * ever told is still known.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openAdmission } from '../../tracker/admission.ts';
import { catalogueStores, sqliteCatalogue } from '../../tracker/catalogue/sqlite-catalogue.ts';
import { communityRoom, communityStores, openCommunity } from '../../tracker/community/community.ts';
import type { Authenticated } from '../../tracker/community/contract.ts';
import { openDatabase } from '../../tracker/database/database.ts';
import { publication, releaseIdOf } from '../tracker/catalogue-album.ts';

/** What the parent has seen acknowledged. */
export interface Ledger {
  /** Id → text. */
  readonly messages: readonly (readonly [id: number, text: string])[];
  readonly releaseIds: readonly string[];
  /** In the order in which they were given. */
  readonly passkeys: readonly string[];
}

export type FromChild =
  | { readonly ready: { readonly token: string } }
  | { readonly said: readonly [id: number, text: string] }
  | { readonly published: string }
  | { readonly passkey: string }
  | { readonly missing: readonly string[] };

export interface ToChild {
  readonly check: Ledger;
}

const talkers = 8;
const publishers = 2;

const [path, knownToken] = process.argv.slice(2);
const say = (message: FromChild) => process.send!(message);

const database = await openDatabase({
  path: path!,
  rooms: { catalogue: catalogueStores, [communityRoom]: communityStores },
});
const catalogue = sqliteCatalogue(database);
const community = openCommunity(database);
const admission = openAdmission({ signInRequired: true });
catalogue.onServed(admission.setRelease);
community.onAccess(admission.setAccount);
for (const release of await catalogue.served()) admission.setRelease(release);
for (const access of await community.accessAfter(0)) admission.setAccount(access);

const token = knownToken ?? (await register());
const viewer = (await community.authenticate(token))!;
say({ ready: { token } });

process.on('message', async ({ check }: ToChild) => {
  say({ missing: await missing(check) });
  load();
});

async function register(): Promise<string> {
  const setupToken = (await community.newSetupToken())!;
  const publicKey = crypto.getRandomValues(new Uint8Array(32));
  return (await community.register({ name: 'Ada', publicKey, setupToken })).session.token;
}

function load(): void {
  for (let i = 0; i < talkers; i++) void talk(viewer, i);
  for (let i = 0; i < publishers; i++) void publish(viewer, i);
  void renew(viewer);
}

async function talk(who: Authenticated, talker: number): Promise<never> {
  for (let i = 0; ; i++) {
    const { id, text } = await community.say(who, 'lobby', `${process.pid} ${talker} says ${i}`);
    say({ said: [id, text] });
  }
}

async function publish(who: Authenticated, publisher: number): Promise<never> {
  for (let i = 0; ; i++) {
    const album = `Album ${process.pid} ${publisher} ${i}`;
    const tracks = Array.from({ length: 15 }, (_, track) => `${album} song ${track}`);
    const releaseId = releaseIdOf(album);
    await catalogue.publish(publication(releaseId, who, { album, tracks }));
    say({ published: releaseId });
  }
}

async function renew(who: Authenticated): Promise<never> {
  for (;;) {
    say({ passkey: await community.renewPasskey(who) });
    await sleep(5);
  }
}

/** In words, a few are enough. */
async function missing({ messages, releaseIds, passkeys }: Ledger): Promise<string[]> {
  const faults: string[] = [];
  const { passkey } = await community.me(viewer);
  // A later one may have been stored and acknowledged to nobody; one that was replaced must not have come back.
  if (passkeys.slice(0, -1).includes(passkey)) faults.push('an old passkey is good again');
  for (const [id, text] of messages) {
    const [row] = (await community.messages(viewer, 'lobby', { before: id + 1, limit: 1 })).rows;
    if (row?.id !== id || row.text !== text) faults.push(`message ${id} ${text}`);
  }
  for (const releaseId of releaseIds) {
    const release = await catalogue.release({ viewer, releaseId });
    const torrent = await catalogue.torrent({ viewer, releaseId });
    if (release?.trackCount !== 15 || torrent === undefined) faults.push(`release ${releaseId}`);
    else if (admission.admit(release.infoHashV2!.subarray(0, 20), passkey, Date.now()) === undefined) {
      faults.push(`release ${releaseId} is not served`);
    }
  }
  return faults.slice(0, 10);
}
