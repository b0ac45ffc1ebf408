/**
 * What a library throws at its door. The message says what and where, and names no option, command, key or button: what
 * to do about it is for the interface, which looks it up by class and code, and makes sentences of the fields.
 */
export abstract class CodedError<Code extends string, Fields extends object = object> extends Error {
  /** Stable, and one of the list of its class. */
  readonly code: Code;
  /** What the message is about, as values. */
  readonly fields: Readonly<Fields>;

  constructor(code: Code, message: string, fields: Fields, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.fields = fields;
  }
}
