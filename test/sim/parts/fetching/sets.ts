/** Small tables that the engine is built on: small sets, tables by number, sessions, and bytes as text. */
import type { PeerSession } from '../../../../client/engine/connection/peer-session.ts';
import type { Prng } from '../../../../client/engine/prng.ts';
import { IdTable } from '../../../../client/engine/tables/id-table.ts';
import { SessionTable } from '../../../../client/engine/tables/session-table.ts';
import { distinct, removeAt, SmallSet } from '../../../../client/engine/tables/small-set.ts';
import { hex, latin1 } from '../../../../torrents/byte-text.ts';
import { agree, agreeOnAll, type SteppedPart } from '../step.ts';

/** The model: an array. */
export const smallSet: SteppedPart = {
  name: 'small-set',
  begin(random) {
    const set = new SmallSet<number>();
    const meant: number[] = [];
    const put = (item: number) => {
      set.add(item);
      if (!meant.includes(item)) meant.push(item);
    };
    const take = (item: number) => {
      const at = meant.indexOf(item);
      agree(`what it says when ${item} leaves`, set.delete(item), at >= 0);
      if (at >= 0) meant.splice(at, 1);
    };
    return () => {
      const item = random.below(8);
      const way = random.below(8);
      if (way < 3) put(item);
      else if (way < 6) take(item);
      else if (way === 6) {
        // Additions and removals during an iteration do not affect it: every item present at its start is
        // visited.
        const [before, visited] = [[...meant], [] as number[]];
        for (const one of set) {
          visited.push(one);
          if (random.below(2) === 0) take(one);
          if (random.below(4) === 0) put(random.below(8));
        }
        agreeOnAll('those that are visited', visited, before);
      } else {
        const items = Array.from({ length: 1 + random.below(5) }, () => random.below(3));
        agreeOnAll(
          'each of them once',
          distinct(items),
          items.filter((one, at) => items.indexOf(one) === at),
        );
        const place = random.below(items.length);
        const rest = items.toSpliced(place, 1);
        removeAt(items, place);
        agreeOnAll('those that are left', items, rest);
      }
      agree('its size', set.size, meant.length);
      agreeOnAll('its items', set, meant);
      for (let at = 0; at <= meant.length; at++) agree('the one at a place', set.at(at), meant[at]);
      agree('whether it has one', set.has(item), meant.includes(item));
    };
  },
};

/** The model: a Map. Numbers are consecutive, or collide at one place. */
export const idTable: SteppedPart = {
  name: 'id-table',
  begin(random) {
    const placesFirst = 4 << random.below(3);
    const table = new IdTable<object>(placesFirst);
    const meant = new Map<number, object>();
    const stride = [1, 2, placesFirst, 64][random.below(4)]!;
    const first = [0, 7, 2 ** 31 - 20, 2 ** 40 + 13][random.below(4)]!;
    const ids = Array.from({ length: 44 }, (_, i) => first + i * stride);
    let grows = 3;
    return () => {
      // The table fills for a while and then empties, so that it reaches both limits of its size.
      if (random.below(20) === 0) grows = random.below(5);
      for (let n = 0; n < 2; n++) {
        const id = ids[random.below(ids.length)]!;
        if (random.below(4) < grows) {
          const item = { id };
          table.set(id, item);
          meant.set(id, item);
        } else {
          agree('what is taken out', table.take(id), meant.get(id));
          meant.delete(id);
        }
      }
      agree('its size', table.size, meant.size);
      for (const id of ids) agree('what is under a number', table.get(id), meant.get(id));
      const { capacity } = table;
      const [min, max] = [Math.max(placesFirst, 2 * meant.size), Math.max(placesFirst, 8 * meant.size)];
      if (capacity < min || capacity > max) agree('its places', capacity, max);
    };
  },
};

/** The model: a list of pairs. */
export const sessionTable: SteppedPart = {
  name: 'session-table',
  begin(random) {
    const table = new SessionTable();
    const meant: { readonly connection: number; session: PeerSession }[] = [];
    const leave = (connection: number) => {
      table.delete(connection);
      const at = meant.findIndex((one) => one.connection === connection);
      if (at >= 0) meant.splice(at, 1);
    };
    return () => {
      const connection = random.below(12);
      const way = random.below(5);
      const known = meant.find((one) => one.connection === connection);
      if (way < 3) {
        const session = { connection } as PeerSession;
        table.set(connection, session);
        if (known === undefined) meant.push({ connection, session });
        else known.session = session;
      } else if (way === 3) leave(connection);
      else {
        // One that leaves before its turn is left out.
        const visited: number[] = [];
        const gone: number[] = [];
        const before = meant.map((one) => one.connection);
        for (const one of table.inOrder.keys()) {
          visited.push(one);
          const other = before[random.below(before.length)]!;
          if (random.below(3) > 0 || visited.includes(other)) continue;
          gone.push(other);
          leave(other);
        }
        const due = before.filter((one) => !gone.includes(one));
        agreeOnAll('those that are visited', visited, due);
      }
      agree('its size', table.size, meant.length);
      agreeOnAll(
        'its sessions',
        table.inOrder.values(),
        meant.map((one) => one.session),
      );
      for (let one = 0; one < 12; one++) {
        const session = meant.find((other) => other.connection === one)?.session;
        agree('the session of a number', table.get(one), session);
        agree('whether it has a session', table.has(one), session !== undefined);
      }
    };
  },
};

export const byteKeys: SteppedPart = {
  name: 'byte-keys',
  begin: (random) => () => {
    if (random.below(2) === 0) return;
    const bytes = Buffer.from(drawBytes(random));
    agree('the text of bytes', hex(bytes), bytes.toString('hex'));
    agree('a character for each byte', latin1(bytes), bytes.toString('latin1'));
  },
};

function drawBytes(random: Prng): number[] {
  return Array.from({ length: random.below(24) }, () => random.below(256));
}
