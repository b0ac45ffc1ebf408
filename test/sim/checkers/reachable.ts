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

interface Place {
  readonly object: object;
  readonly field: string;
}

/** `isOutside`: what is not looked into, by field; the entries of a table are called `Choker.#waiting[]`. */
export function reachableFrom(root: object, rootName: string, isOutside: (field: string) => boolean): Reach {
  const tables = new Map<string, number>();
  const objects = new Map<string, object[]>();
  const seen = new Set<object>([root]);
  // All that is equally far from the root together: those objects are asked about at once.
  let level: Place[] = [{ object: root, field: rootName }];
  while (level.length > 0) {
    const next: Place[] = [];
    const hidden = privateObjects(level.flatMap(({ object }) => (hasFields(object) ? [object] : [])));
    for (const { object, field } of level) {
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
      const visit = (where: string, value: unknown) => {
        if (typeof value !== 'object' || value === null || seen.has(value) || isOutside(where)) return;
        // Bytes are no table, and what is held weakly is not held.
        if (ArrayBuffer.isView(value) || value instanceof WeakMap || value instanceof WeakSet) return;
        seen.add(value);
        next.push({ object: value, field: where });
      };
      if (entries !== undefined) for (const value of entries.values) visit(`${field}[]`, value);
      else {
        for (const [name, value] of ownFieldsOf(object)) visit(`${owner}.${name}`, value);
        for (const [name, value] of hidden.get(object) ?? []) visit(`${owner}.${name}`, value);
      }
    }
    level = next;
  }
  return { tables, objects };
}

function entriesOf(object: object): { readonly size: number; readonly values: unknown[] } | undefined {
  if (object instanceof Map) return { size: object.size, values: [...object.keys(), ...object.values()] };
  if (object instanceof Set) return { size: object.size, values: [...object] };
  return Array.isArray(object) ? { size: object.length, values: object } : undefined;
}

function hasFields(object: object): boolean {
  const isTable = object instanceof Map || object instanceof Set || Array.isArray(object);
  return !isTable && (object.constructor?.name ?? 'Object') !== 'Object';
}

function ownFieldsOf(object: object): (readonly [name: string, value: unknown])[] {
  return Object.entries(Object.getOwnPropertyDescriptors(object))
    .filter(([, { get }]) => get === undefined)
    .map(([name, { value }]) => [name, value as unknown] as const);
}
