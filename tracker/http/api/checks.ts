/** Validation of API input against its schemas. Used by the main thread and by the upload workers. */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';

const options = { removeAdditional: false, allErrors: false, strict: false, useDefaults: false } as const;

/** Query and path values are coerced, because they are text; bodies never are. */
export function openChecks(): (schema: object, part: string | undefined) => ValidateFunction {
  const exact = new Ajv({ ...options, coerceTypes: false });
  const fromText = new Ajv({ ...options, coerceTypes: true });
  return (schema, part) => (part === 'body' ? exact : fromText).compile(schema);
}

/** What is wrong, and in which field: `body tracks.3.title must be string`, `name is empty`. */
export function checkComplaint(
  error: Pick<ErrorObject, 'instancePath' | 'params' | 'message'> | undefined,
  where: string,
): string {
  const at = error?.instancePath?.slice(1).replaceAll('/', '.');
  const extra = error?.params?.additionalProperty;
  // Replaces ajv's message for an empty text, which counts characters.
  if (error?.params?.limit === 1 && /fewer than 1 char/.test(error.message ?? ''))
    return `${at || where} is empty`;
  const what = extra === undefined ? error?.message : `does not know “${String(extra).slice(0, 40)}”`;
  return `${where}${at ? ` ${at}` : ''} ${what}`;
}
