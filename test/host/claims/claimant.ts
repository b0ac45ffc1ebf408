/**
 * A process that claims the paths of a torrent and holds them until it is killed:
 *   node claimant.ts BASE TORRENT FOLDER [ROUNDS]
 * With rounds it prints "ready", reads the time of the first round, and claims FOLDER/0, FOLDER/1 and so on
 * every 50 ms. Each time it prints "held", or the kind of conflict.
 */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { claimsOf } from '../../../client/host/claims/claim-keys.ts';
import { ClaimRegister } from '../../../client/host/claims/claim-register.ts';
import { parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';

const [base, torrent, folder = '', rounds] = process.argv.slice(2);
const metainfo = parseMetainfo(readFileSync(torrent!));
const register = new ClaimRegister({ bases: [base!], userId: process.getuid?.() });
const infoHash = Buffer.from(metainfo.infoHash).toString('hex');

function ask(at: string): void {
  const claims = claimsOf({ metainfo, folder: at, kindOf: () => 'file' });
  const about = { name: metainfo.name, infoHash, path: at };
  const onUnguarded = (error: unknown) => console.log(`unguarded: ${error}`);
  const answer = register.take({ claims, about, othersMayWrite: true, onUnguarded });
  console.log('length' in answer ? answer[0]!.meeting : 'held');
}

if (rounds === undefined) ask(folder);
else {
  console.log('ready');
  process.once('message', (startMs) => {
    for (let i = 0; i < Number(rounds); i++) {
      setTimeout(() => ask(`${folder}/${i}`), Number(startMs) + 50 * i - Date.now());
    }
  });
}
setInterval(() => {}, 60_000);
