/** An error as the operating system returns it. */
export function failed(code: string, at: string): Error {
  return Object.assign(new Error(`${code}: simulated, '${at}'`), { code });
}
