/**
 * The base of all errors that a library throws to its caller. The message says what is wrong and where, and
 * names no option, command, key or button. The interface looks up the advice by class and code, and fills it
 * in from the fields.
 */
export abstract class CodedError<Code extends string, Fields extends object = object> extends Error {
  /** Stable. One of the codes that the class lists. */
  readonly code: Code;
  /** The values that the message mentions. */
  readonly fields: Readonly<Fields>;

  constructor(code: Code, message: string, fields: Fields, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fields = fields;
  }
}
