/** How what is sent to the API is checked against its shapes, in the main thread and where uploads are read. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

const options = { removeAdditional: false, allErrors: false, strict: false, useDefaults: false } as const;

/** Bodies are never coerced; queries and parts of paths are, since they are text. */
export function openChecks(): (schema: object, part: string | undefined) => ValidateFunction {
  const exact = new Ajv({ ...options, coerceTypes: false });
  const fromText = new Ajv({ ...options, coerceTypes: true });
  return (schema, part) => (part === 'body' ? exact : fromText).compile(schema);
}

/** What is wrong, and where: `body tracks.3.title must be string`, `name is empty`. */
export function checkComplaint(
  error: Pick<ErrorObject, 'instancePath' | 'params' | 'message'> | undefined,
  where: string,
): string {
  const at = error?.instancePath?.slice(1).replaceAll('/', '.');
  const extra = error?.params?.additionalProperty;
  // What ajv says of an empty text counts its characters.
  if (error?.params?.limit === 1 && /fewer than 1 char/.test(error.message ?? ''))
    return `${at || where} is empty`;
  const what = extra === undefined ? error?.message : `does not know “${String(extra).slice(0, 40)}”`;
  return `${where}${at ? ` ${at}` : ''} ${what}`;
}
