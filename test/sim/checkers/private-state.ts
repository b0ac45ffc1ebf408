/**
 * What an object keeps in its private fields, by way of the debugger's protocol: the language shows `#fields` to nobody
 * outside, and a table that only its own class can see is a table that no test would miss. Some 0.1 ms an object.
 */
import { type Runtime, Session } from 'node:inspector';

const group = 'private-state';
/** Under this name an object is handed to the debugger, and its fields come back. */
const lobby = Symbol.for('cicada.sim.private-state');
interface Lobby {
  object?: object | undefined;
  fields?: readonly unknown[];
}

let session: Session | undefined;

/** Private fields that hold objects, by name; those of all classes it is made of. Methods and accessors are left out. */
export function privateObjects(object: object): (readonly [name: string, value: object])[] {
  const place: Lobby = {};
  (globalThis as { [lobby]?: Lobby })[lobby] = place;
  place.object = object;
  const evaluated = post('Runtime.evaluate', {
    expression: `${expression}.object`,
    objectGroup: group,
  }) as Runtime.EvaluateReturnType;
  const { objectId } = evaluated.result;
  const properties = post('Runtime.getProperties', {
    objectId,
    ownProperties: true,
  }) as Runtime.GetPropertiesReturnType & { privateProperties?: Runtime.PropertyDescriptor[] };
  const fields = (properties.privateProperties ?? []).filter(
    ({ value }) => value?.objectId !== undefined && value.type === 'object',
  );
  if (fields.length > 0)
    post('Runtime.callFunctionOn', {
      objectId,
      functionDeclaration: `function (...fields) { ${expression}.fields = fields; }`,
      arguments: fields.map(({ value }) => ({ objectId: value!.objectId })),
    });
  post('Runtime.releaseObjectGroup', { objectGroup: group });
  const values = place.fields ?? [];
  return fields.map(({ name }, i) => [name, values[i] as object]);
}

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
