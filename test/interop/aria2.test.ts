/** aria2 as a peer of Cicada. */
import { testBothWays } from './both-ways.ts';
import { aria2 } from './peers.ts';

testBothWays(aria2, ['v1', 'hybrid']);
