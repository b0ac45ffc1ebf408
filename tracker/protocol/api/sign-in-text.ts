/**
 * The text that an account's key signs to sign in. It contains the tracker's host, so that another tracker
 * cannot use the signature, and a challenge that is valid once. Client and tracker each build it from what
 * they know.
 */
export interface SignIn {
  /** As in the URL the client calls: `music.example:8080`, lower case. */
  readonly host: string;
  /** The account's name, as typed. */
  readonly name: string;
  readonly challenge: string;
}

/**
 * Undefined if a field is empty or has a control character. Each field is a line, so a line break could forge
 * one.
 */
export function signInText({ host, name, challenge }: SignIn): string | undefined {
  if ([host, name, challenge].some((field) => field === '' || /[\x00-\x1f\x7f]/.test(field)))
    return undefined;
  return ['cicada login', host.toLowerCase(), name.normalize('NFC'), challenge].join('\n');
}
