/** Transmission as a peer of Cicada. */
import { testBothWays } from './both-ways.ts';
import { transmission } from './peers.ts';

testBothWays(transmission, ['v1', 'hybrid']);
