/** An error as the system gives it. */
export function failed(code: string, at: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${at}'`), { code });
}
