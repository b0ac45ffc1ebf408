/**
 * Every hostile actor, by its name in a plan. Options left out are drawn from the actor's own random stream.
 */
import { churner } from './churner.ts';
import { falseBitfield } from './false-bitfield.ts';
import { flooder } from './flooder.ts';
import { freeRider } from './free-rider.ts';
import { halfOpen } from './half-open.ts';
import { liar } from './liar.ts';
import { metadataLiar } from './metadata-liar.ts';
import { mumbler } from './mumbler.ts';
import { oldClient } from './old-client.ts';
import { poisoner } from './poisoner.ts';
import type { Script } from './puppet.ts';
import { selfConnector } from './self-connector.ts';
import { silent } from './silent.ts';
import { slowLoris } from './slow-loris.ts';

export const cast = {
  poisoner,
  liar,
  'slow-loris': slowLoris,
  flooder,
  'metadata-liar': metadataLiar,
  'false-bitfield': falseBitfield,
  'self-connector': selfConnector,
  churner,
  'free-rider': freeRider,
  'old-client': oldClient,
  mumbler,
  silent,
  'half-open': halfOpen,
} as const satisfies Record<string, (options?: never) => Script>;
