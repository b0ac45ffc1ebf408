/**
 * What an account's key signs to sign in. It names the tracker's host, so that a signature given to one tracker opens no
 * other, and a challenge that is good once. Client and tracker write it from what they know themselves.
 */
export interface SignIn {
  /** As in the URL the client calls: `music.example:8080`, lower case. */
  readonly host: string;
  /** The account's name, as typed. */
  readonly name: string;
  readonly challenge: string;
}

/** Undefined when a field could pass for another one: each stands in a line of its own. */
export function signInText({ host, name, challenge }: SignIn): string | undefined {
  if ([host, name, challenge].some((field) => field === '' || /[\x00-\x1f\x7f]/.test(field)))
    return undefined;
  return ['cicada login', host.toLowerCase(), name.normalize('NFC'), challenge].join('\n');
}
