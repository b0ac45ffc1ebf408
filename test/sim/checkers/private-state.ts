/**
 * What an object keeps in its private fields, by way of the debugger's protocol: the language shows `#fields` to nobody
 * outside, and a table that only its own class can see is a table that no test would miss. Some 0.03 ms an object.
 */
import { type Runtime, Session } from 'node:inspector';

const group = 'private-state';
/** Under this name objects are handed to the debugger, and their fields come back. */
const lobby = Symbol.for('cicada.sim.private-state');
interface Lobby {
  objects: readonly object[];
  fields: readonly unknown[];
}

let session: Session | undefined;

export type PrivateFields = readonly (readonly [name: string, value: object])[];

/** Classes of which no object has private fields, by prototype. */
const plain = new WeakSet<object>();

/**
 * Private fields that hold objects, by name, of each of these; those of all classes it is made of. Methods and accessors are
 * left out. Of many at once, because each message to the debugger costs more than what it says.
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
 * Objects in the variables of the module that this function was written in, whether it exports them or not. None where a
 * bundler has made functions of modules.
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

/** The debugger's handle of what is handed to it. */
function enter(place: Lobby): Runtime.RemoteObject {
  (globalThis as { [lobby]?: Lobby })[lobby] = place;
  const evaluated = post('Runtime.evaluate', { expression: `${expression}.objects`, objectGroup: group });
  return (evaluated as Runtime.EvaluateReturnType).result;
}

/** What the debugger calls by these handles. */
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

/** The elements of an array come in their order, and before its length. */
function propertiesOf({ objectId }: Runtime.RemoteObject): Properties {
  return post('Runtime.getProperties', { objectId, ownProperties: true }) as Properties;
}

type Properties = Runtime.GetPropertiesReturnType & { privateProperties?: Runtime.PropertyDescriptor[] };

const expression = `globalThis[Symbol.for(${JSON.stringify(lobby.description)})]`;

/** The answer comes at once: the debugger is in this very thread. */
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
