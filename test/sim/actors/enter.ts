/** Adds an actor to a simulated world: a host on which the actor runs in place of a client. */
import type { Fact, PeerAddress } from '../../../client/engine/contract.ts';
import { homeLink, type Link, type Reachability } from '../world/link.ts';
import { torrent } from '../world/peer.ts';
import type { Place } from '../world/place.ts';
import type { World } from '../world/world.ts';
import { Puppet, type Script } from './puppet.ts';
import type { Actor } from './stage.ts';

export interface EntranceOptions {
  /** Names the actor's random stream. Two actors with the same name would draw the same numbers. */
  readonly name: string;
  readonly link?: Link;
  readonly reachability?: Reachability;
  readonly place?: Place;
  /** URLs of the trackers it announces to. Default: all that the world's peers announce to. */
  readonly trackers?: readonly string[];
}

export interface StandingActor extends Actor {
  readonly address: PeerAddress;
  readonly place: Place;
}

/** Content variant of wrong blocks. Any number but 0, which stands for the right bytes. */
const wrongFlavour = 0x5a5a;

/** Peer id prefixes: of well-known clients in the usual styles, and of no known client. */
const clients = ['-XX0001-', '-qB45A0-', '-TR2840-', '-TR4060-', 'M7-10-1-', 'Q1-23-0-', '-zz9999-'] as const;

/** Drawn from a stream of its own, so that the actor's other draws do not depend on it. */
function clientOf(world: World, name: string): string {
  return clients[world.random.of(`client of ${name}`).below(clients.length)]!;
}

export function enter(world: World, script: Script, options: EntranceOptions): StandingActor {
  const { name, link = homeLink, reachability = 'open', trackers = world.announceTiers.flat() } = options;
  let puppet: Puppet | undefined;
  const visitor = world.addVisitor({
    ...{ name, link, reachability, sink: (fact: Fact) => puppet?.hear(fact) },
    ...(options.place && { place: options.place }),
  });
  const { place, host, announcer, random } = visitor;
  const [address] = place.addresses;
  const own = options.place === undefined ? address.host : `visitor-${visitor.number}`;
  const { geometry, infoHash, infoBytes, content, scheduler } = world;
  puppet = new Puppet(
    {
      address,
      network: host,
      announcer,
      random,
      peerId: Buffer.from(`${clientOf(world, name)}${own.padStart(12, '0')}`).subarray(0, 20),
      torrent: {
        id: torrent,
        infoHash,
        geometry,
        infoBytes,
        trackers,
        payload: (block, isRight) => content.lend(block, isRight ? 0 : wrongFlavour),
      },
      after: (delayMs, run) => scheduler.after(delayMs, run),
    },
    script,
  );
  const actor = puppet;
  return {
    address,
    place,
    hear: (fact) => actor.hear(fact),
    leave: () => {
      actor.leave();
      host.crash();
    },
  };
}
