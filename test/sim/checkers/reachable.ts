/**
 * Everything reachable from one object: its tables with their numbers of entries, and the objects of each
 * class. Follows fields, private ones too, and entries of tables. Does not follow closures and weak
 * references.
 */
import { privateObjects } from './private-state.ts';

export interface Reach {
  /**
   * Entries of Maps, Sets and arrays, by class and field (`Choker.#waiting`), summed over all objects of the
   * class.
   */
  readonly tables: ReadonlyMap<string, number>;
  readonly objects: ReadonlyMap<string, readonly object[]>;
}

interface Place {
  readonly object: object;
  readonly field: string;
}

/** `isOutside`: fields not to follow. The entries of a table are named `Choker.#waiting[]`. */
export function reachableFrom(root: object, rootName: string, isOutside: (field: string) => boolean): Reach {
  const tables = new Map<string, number>();
  const objects = new Map<string, object[]>();
  const seen = new Set<object>([root]);
  // All objects at the same distance from the root, so that one call reads the private fields of all.
  let level: Place[] = [{ object: root, field: rootName }];
  while (level.length > 0) {
    const next: Place[] = [];
    const hidden = privateObjects(level.flatMap(({ object }) => (hasFields(object) ? [object] : [])));
    for (const { object, field } of level) {
      const entries = entriesOf(object);
      // An object without a class is named after the field that holds it.
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
        // Typed arrays are no tables, and weak references keep nothing alive.
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
