/**
 * What is wrong with bytes that came from the other side. A value and never thrown: the other side is at fault, not
 * the caller. `code` is stable, `message` is for people and says what to do where there is something to do.
 */
export interface ProtocolError {
  readonly code: string;
  readonly message: string;
}

export function protocolError(code: string, message: string): ProtocolError {
  return { code, message };
}
