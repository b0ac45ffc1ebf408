/**
 * Everything that can be reached from one object: its tables and how many entries they have, and the objects of each
 * class. By fields, private ones too, and by the entries of tables; not by closures, and not by what is held weakly.
 */
import { privateObjects } from './private-state.ts';

export interface Reach {
  /** Entries of Maps, Sets and arrays, by class and field: `Choker.#waiting`; of all objects of the class together. */
  readonly tables: ReadonlyMap<string, number>;
  readonly objects: ReadonlyMap<string, readonly object[]>;
}

/** `isOutside`: what is not looked into, by field; the entries of a table are called `Choker.#waiting[]`. */
export function reachableFrom(root: object, rootName: string, isOutside: (field: string) => boolean): Reach {
  const tables = new Map<string, number>();
  const objects = new Map<string, object[]>();
  const seen = new Set<object>([root]);
  const queue = [{ object: root, field: rootName }];
  for (const { object, field } of queue) {
    const entries = entriesOf(object);
    // What has no class of its own is called by the field that holds it.
    const className = object === root ? rootName : (object.constructor?.name ?? 'Object');
    const owner = className === 'Object' ? field : className;
    if (entries !== undefined) tables.set(field, (tables.get(field) ?? 0) + entries.size);
    else {
      const alike = objects.get(owner);
      if (alike === undefined) objects.set(owner, [object]);
      else alike.push(object);
    }
    const inside =
      entries?.values.map((value) => [`${field}[]`, value] as const) ??
      fieldsOf(object, className !== 'Object').map(([name, value]) => [`${owner}.${name}`, value] as const);
    for (const [where, value] of inside) {
      if (typeof value !== 'object' || value === null || seen.has(value) || isOutside(where)) continue;
      // Bytes are no table, and what is held weakly is not held.
      if (ArrayBuffer.isView(value) || value instanceof WeakMap || value instanceof WeakSet) continue;
      seen.add(value);
      queue.push({ object: value, field: where });
    }
  }
  return { tables, objects };
}

function entriesOf(object: object): { readonly size: number; readonly values: unknown[] } | undefined {
  if (object instanceof Map) return { size: object.size, values: [...object.keys(), ...object.values()] };
  if (object instanceof Set) return { size: object.size, values: [...object] };
  return Array.isArray(object) ? { size: object.length, values: object } : undefined;
}

function fieldsOf(object: object, hasClass: boolean): (readonly [name: string, value: unknown])[] {
  const own = Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([, { get }]) => get === undefined)
    .map(([name, { value }]) => [name, value as unknown] as const);
  return hasClass ? [...own, ...privateObjects(object)] : own;
}
