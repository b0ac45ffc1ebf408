/**
 * An address is held while its peer is connected through another record
 * (client/engine/peers/peer-directory.ts).
 */
import { expect, it } from 'vitest';
import { defaultLimits } from '../../../client/engine/limits.ts';
import { PeerDirectory } from '../../../client/engine/peers/peer-directory.ts';
import { Prng } from '../../../client/engine/prng.ts';

it('an address that was dropped while held, and learned anew, is dialed when the connected peer leaves', () => {
  const directory = new PeerDirectory({ ...defaultLimits, dialFailuresMax: 1 }, new Prng(1));
  const address = { host: '10.0.0.1', port: 6881 };
  const next = (nowMs: number) => directory.next(nowMs, true, () => false);
  directory.learn([address], 'tracker', 0);
  const dialed = next(0)!;
  dialed.state = 'dialing';
  const guest = directory.incoming({ ...address, port: 50_000 }, new Uint8Array(20), 0);
  directory.keep(guest, 0);
  directory.release(dialed, false, 1_000);
  directory.succeed(dialed, [], guest, 1_000);
  directory.learn([address], 'tracker', 2_000);
  directory.release(guest, false, 3_000);
  expect(next(4_000)?.address).toEqual(address);
});
