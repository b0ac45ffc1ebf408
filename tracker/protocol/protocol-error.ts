/**
 * What is wrong with bytes from the other side. Returned, never thrown, because the caller is not at fault.
 * `code` is stable. `message` is for users and says what to do if they can do anything.
 */
export interface ProtocolError {
  readonly code: string;
  readonly message: string;
}

export function protocolError(code: string, message: string): ProtocolError {
  return { code, message };
}
