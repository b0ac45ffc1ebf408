/** libtorrent as a peer. */
import { testBothWays } from './both-ways.ts';
import { libtorrent } from './peers.ts';

testBothWays(libtorrent, ['v1', 'v2', 'hybrid']);
