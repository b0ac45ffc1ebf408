/** libtorrent as a peer of Cicada. */
import { testBothWays } from './both-ways.ts';
import { libtorrent } from './peers.ts';

testBothWays(libtorrent, ['v1', 'v2', 'hybrid']);
