/**
 * The user's account at a tracker: registers, signs in with this client's key or with a password, and makes
 * API calls. When the session has expired, a call signs in again with the key and is repeated.
 *
 * Invariant: passwords are never stored. Only tracker-sessions.ts stores tokens.
 */
import type { Static, TSchema } from 'typebox';
import Type from 'typebox';
import * as shapes from '../../tracker/protocol/api/people-shapes.ts';
import { signInText } from '../../tracker/protocol/api/sign-in-text.ts';
import type { Identity } from './identity.ts';
import { openIdentity } from './identity.ts';
import { trackerBase } from './tracker-address.ts';
import { type ApiCall, TrackerClient } from './tracker-client.ts';
import { TrackerError } from './tracker-error.ts';
import { forgetSession, loadSession, saveSession } from './tracker-sessions.ts';

export type OwnAccount = Static<typeof shapes.ownAccount>;

/** The folder with this client's key and sessions, and the tracker to call. */
export interface AccountPlace {
  readonly stateFolder: string;
  /** Any address of the tracker: see `trackerBase`. */
  readonly tracker: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Registration {
  readonly name: string;
  /** A second way to sign in besides the key: for the tracker's web page and for other machines. */
  readonly password?: string | undefined;
  readonly invitation?: string | undefined;
  /** Required by a tracker that has no owner yet. */
  readonly setupToken?: string | undefined;
  /** The user confirms that they have the right to share what they publish. */
  readonly mayShare?: true | undefined;
}

/** The name of this client's session in the tracker's list of sessions. */
const label = 'cicada';

/** Creates an account that this client's key owns. Throws TrackerError. */
export async function register(place: AccountPlace, registration: Registration): Promise<OwnAccount> {
  const identity = await openIdentity(place.stateFolder);
  const publicKey = base64(identity.publicKey);
  const body = { ...definedOnly(registration), publicKey, label };
  const entered = await asked(place, { method: 'POST', path: '/accounts', body, answer: shapes.signedIn });
  return await remember(place, entered);
}

/**
 * Signs in with the key, or with the password if one is given. An account without a key then gets this
 * client's key. Throws TrackerError.
 */
export async function signIn(
  place: AccountPlace,
  name: string,
  password: string | undefined,
): Promise<OwnAccount> {
  const identity = await openIdentity(place.stateFolder);
  if (password === undefined) return await remember(place, await enterByKey(place, name, identity));
  const path = '/sessions';
  const body = { name, password, label };
  const entered = await asked(place, { method: 'POST', path, body, answer: shapes.signedIn });
  const account = await remember(place, entered);
  if (account.publicKey !== undefined) return account;
  const { token } = entered.session;
  const change = { publicKey: base64(identity.publicKey) };
  return await asked(
    place,
    { method: 'PATCH', path: '/accounts/me', body: change, answer: shapes.ownAccount },
    token,
  );
}

/**
 * Deletes the account permanently. `password`: for an account that does not have this client's key. Signs in
 * first, because the tracker requires a fresh sign-in even if a session is open. Throws TrackerError.
 */
export async function deleteAccount(
  place: AccountPlace,
  name: string,
  password: string | undefined,
): Promise<void> {
  const tracker = trackerBase(place.tracker);
  const before = await loadSession(place.stateFolder, tracker);
  await signIn(place, name, password);
  const { token } = (await loadSession(place.stateFolder, tracker))!;
  await asked(place, { method: 'DELETE', path: '/accounts/me', body: { name } }, token);
  // The deleted account's session is forgotten. The session of another account is restored.
  if (before === undefined || before.name === name) await forgetSession(place.stateFolder, tracker);
  else await saveSession(place.stateFolder, tracker, before);
}

/**
 * Ends the session here and at the tracker. If the tracker cannot be reached, the session is forgotten here
 * all the same.
 */
export async function signOut(place: AccountPlace): Promise<boolean> {
  const tracker = trackerBase(place.tracker);
  const session = await loadSession(place.stateFolder, tracker);
  if (session === undefined) return false;
  await forgetSession(place.stateFolder, tracker);
  await asked(place, { method: 'DELETE', path: '/sessions/current' }, session.token).catch(
    (error: TrackerError) => {
      if (error.status !== 401 && error.code !== 'tracker-unreachable') throw error;
    },
  );
  return true;
}

/** Calls to a tracker, signed in or anonymous. */
export interface TrackerAccount {
  /** The tracker's URL, without a trailing slash. */
  readonly url: string;
  /** Undefined: anonymous. */
  readonly name: string | undefined;
  call<Schema extends TSchema>(call: ApiCall<Schema>): Promise<Static<Schema>>;
  bytes(path: string, query?: ApiCall<TSchema>['query']): Promise<Uint8Array>;
  events(lastEventId: string | undefined): AsyncGenerator<string>;
  /** A large answer, yielded in parts as they arrive. */
  stream(path: string): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** Uses the stored session, or is anonymous without one. Makes no call. */
export async function openAccount(place: AccountPlace): Promise<TrackerAccount> {
  const url = trackerBase(place.tracker);
  const session = await loadSession(place.stateFolder, url);
  let client = new TrackerClient(url, { token: session?.token, signal: place.signal });
  let renewal: Promise<void> | undefined;

  async function renew(): Promise<void> {
    const identity = await openIdentity(place.stateFolder);
    const entered = await enterByKey(place, session!.name, identity).catch((error: TrackerError) => {
      if (error.code !== 'sign-in-failed') throw error;
      const account = session!.name;
      const about = { account, cause: error };
      throw new TrackerError('session-invalid', `the session of ${account} has ended`, 401, about);
    });
    await remember(place, entered);
    await client.close();
    client = new TrackerClient(url, { token: entered.session.token, signal: place.signal });
  }

  /** Calls that fail at the same time renew the session once. */
  async function again<T>(ask: (client: TrackerClient) => Promise<T>): Promise<T> {
    const asking = client;
    try {
      return await ask(asking);
    } catch (error) {
      if (!(error instanceof TrackerError) || error.code !== 'session-invalid' || session === undefined)
        throw error;
      if (asking === client) {
        renewal ??= renew().finally(() => (renewal = undefined));
        await renewal;
      }
      return await ask(client);
    }
  }

  return {
    url,
    name: session?.name,
    call: (call) => again((at) => at.call(call)),
    bytes: (path, query) => again((at) => at.bytes(path, query)),
    async *events(lastEventId) {
      const first = await again(async (at) => {
        const stream = at.events(lastEventId);
        return { stream, part: await stream.next() };
      });
      if (first.part.done !== true) yield first.part.value;
      yield* first.stream;
    },
    async *stream(path) {
      const { stream, part } = await again(async (at) => {
        const begun = at.stream(path);
        return { stream: begun, part: await begun.next() };
      });
      if (part.done !== true) yield part.value;
      yield* stream;
    },
    close: () => client.close(),
  };
}

/** The signed-in user's own account. Throws TrackerError `not-signed-in`. */
export function ownAccount(account: TrackerAccount): Promise<OwnAccount> {
  return account.call({ path: '/accounts/me', answer: shapes.ownAccount });
}

const challengeAnswer = Type.Object({ challenge: Type.String() });

async function enterByKey(place: AccountPlace, name: string, identity: Identity) {
  const { challenge } = await asked(place, {
    path: '/challenge',
    query: { name },
    answer: challengeAnswer,
  });
  // The host that this client calls, never one that the tracker names: the signature is useless at another
  // tracker.
  const text = signInText({ host: new URL(trackerBase(place.tracker)).host, name, challenge });
  if (text === undefined) throw new TrackerError('name-invalid', 'a name is one line of visible characters');
  const signature = base64(identity.sign(text));
  const body = { name, challenge, signature, label };
  return await asked(place, { method: 'POST', path: '/sessions', body, answer: shapes.signedIn });
}

async function remember(
  place: AccountPlace,
  { account, session }: Static<typeof shapes.signedIn>,
): Promise<OwnAccount> {
  await saveSession(place.stateFolder, trackerBase(place.tracker), {
    name: account.name,
    token: session.token,
  });
  return account;
}

async function asked<Schema extends TSchema>(
  { tracker, signal }: AccountPlace,
  call: ApiCall<Schema>,
  token?: string,
): Promise<Static<Schema>> {
  const client = new TrackerClient(tracker, { token, signal });
  try {
    return await client.call(call);
  } finally {
    await client.close();
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function definedOnly<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Partial<Fields>;
}
