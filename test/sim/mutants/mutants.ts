/** All mutants, one list for each area. The mutants that it finds measure the worth of the simulator. */
import { admission } from './admission.ts';
import { choking } from './choking.ts';
import { content } from './content.ts';
import { fetching } from './fetching.ts';
import { habits } from './habits.ts';
import { hostileBytes } from './hostile-bytes.ts';
import { leaks } from './leaks.ts';
import type { Mutant } from './mutant.ts';
import { order } from './order.ts';
import { pace } from './pace.ts';
import { peers } from './peers.ts';
import { queues } from './queues.ts';
import { registry } from './registry.ts';
import { seats } from './seats.ts';
import { serving } from './serving.ts';
import { sessions } from './sessions.ts';
import { sizes } from './sizes.ts';
import { social } from './social.ts';
import { storage } from './storage.ts';
import { wider } from './wider.ts';
import { wire } from './wire.ts';
import { world } from './world.ts';

export const mutants: readonly Mutant[] = [
  ...fetching,
  ...serving,
  ...peers,
  ...seats,
  ...content,
  ...habits,
  ...wire,
  ...registry,
  ...admission,
  ...hostileBytes,
  ...world,
  ...storage,
  ...sessions,
  ...wider,
  ...sizes,
  ...queues,
  ...order,
  ...pace,
  ...leaks,
  ...choking,
  ...social,
];
