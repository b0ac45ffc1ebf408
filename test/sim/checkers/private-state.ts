/**
 * Reads private fields of objects through the inspector protocol. JavaScript hides `#fields` from other code,
 * and without this no test would notice a growing table in one. Costs some 0.03 ms an object.
 */
import { type Runtime, Session } from 'node:inspector';

const group = 'private-state';
/** Global symbol under which objects are handed to the inspector and their fields come back. */
const lobby = Symbol.for('cicada.sim.private-state');
interface Lobby {
  objects: readonly object[];
  fields: readonly unknown[];
}

let session: Session | undefined;

export type PrivateFields = readonly (readonly [name: string, value: object])[];

/** Prototypes of classes without private fields. */
const plain = new WeakSet<object>();

/**
 * The private fields of each object that hold objects, with those of base classes, without methods and
 * accessors. Takes many objects at once, because each inspector call has a high fixed cost.
 */
export function privateObjects(objects: readonly object[]): ReadonlyMap<object, PrivateFields> {
  const found = new Map<object, PrivateFields>();
  const asked = objects.filter((object) => !plain.has(Object.getPrototypeOf(object)));
  if (asked.length === 0) return found;
  const place: Lobby = { objects: asked, fields: [] };
  const evaluated = enter(place);
  const names: (readonly [object: object, name: string])[] = [];
  const values: Runtime.CallArgument[] = [];
  const { result: elements } = propertiesOf(evaluated);
  for (const [i, object] of asked.entries()) {
    const { privateProperties = [] } = propertiesOf(elements[i]!.value!);
    if (privateProperties.length === 0) plain.add(Object.getPrototypeOf(object));
    for (const { name, value } of privateProperties) {
      if (value?.objectId === undefined || value.type !== 'object') continue;
      names.push([object, name]);
      values.push({ objectId: value.objectId });
    }
  }
  const fields = leave(place, evaluated, values);
  for (const [i, [object, name]] of names.entries()) {
    const own = found.get(object);
    const field = [name, fields[i] as object] as const;
    if (own === undefined) found.set(object, [field]);
    else (own as (typeof field)[]).push(field);
  }
  return found;
}

/**
 * Objects in the variables of the module that defines this function, exported or not. Empty where a bundler
 * has turned modules into functions.
 */
export function moduleObjects(of: (...args: never[]) => unknown): PrivateFields {
  const place: Lobby = { objects: [of], fields: [] };
  const evaluated = enter(place);
  const { internalProperties = [] } = propertiesOf(propertiesOf(evaluated).result[0]!.value!);
  const scopes = internalProperties.find(({ name }) => name === '[[Scopes]]')?.value;
  const module = scopes && propertiesOf(scopes).result.find(({ value }) => value?.description === 'Module');
  const variables = module === undefined ? [] : propertiesOf(module.value!).result;
  const objects = variables.filter(({ value }) => value?.objectId !== undefined && value.type === 'object');
  const values = objects.map(({ value }) => ({ objectId: value!.objectId! }));
  const fields = leave(place, evaluated, values);
  return objects.map(({ name }, i) => [name, fields[i] as object]);
}

/** The inspector's handle for the objects. */
function enter(place: Lobby): Runtime.RemoteObject {
  (globalThis as { [lobby]?: Lobby })[lobby] = place;
  const evaluated = post('Runtime.evaluate', { expression: `${expression}.objects`, objectGroup: group });
  return (evaluated as Runtime.EvaluateReturnType).result;
}

/** The values behind these inspector handles. */
function leave(
  place: Lobby,
  { objectId }: Runtime.RemoteObject,
  values: readonly Runtime.CallArgument[],
): readonly unknown[] {
  if (values.length > 0)
    post('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function (...fields) { ${expression}.fields = fields; }`,
      arguments: values,
    });
  post('Runtime.releaseObjectGroup', { objectGroup: group });
  (globalThis as { [lobby]?: Lobby | undefined })[lobby] = undefined;
  return place.fields;
}

/** For an array: its elements in order, before its length. */
function propertiesOf({ objectId }: Runtime.RemoteObject): Properties {
  return post('Runtime.getProperties', { objectId, ownProperties: true }) as Properties;
}

type Properties = Runtime.GetPropertiesReturnType & { privateProperties?: Runtime.PropertyDescriptor[] };

const expression = `globalThis[Symbol.for(${JSON.stringify(lobby.description)})]`;

/** The answer comes synchronously, since the inspector runs in this thread. */
function post(method: string, params: object): object {
  if (session === undefined) {
    session = new Session();
    session.connect();
  }
  let answer: object | undefined;
  let failure: Error | null = null;
  session.post(method, params, (error, result) => {
    failure = error;
    answer = result as object;
  });
  if (failure !== null || answer === undefined)
    throw failure ?? new Error(`${method} did not answer at once`);
  return answer;
}
