/**
 * Somebody at a tracker: registered and signed in by the key of this client, or by a password; and every call afterwards,
 * which signs in again by itself when the session has ended.
 *
 * Invariant: a password is kept nowhere; a token is kept by tracker-sessions.ts alone.
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

/** Where the keys and sessions of this client lie, and which tracker it is about. */
export interface AccountPlace {
  readonly stateFolder: string;
  /** Any address of it. */
  readonly tracker: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Registration {
  readonly name: string;
  /** Beside the key: for the tracker's page, and for other machines. */
  readonly password?: string | undefined;
  readonly invitation?: string | undefined;
  /** Of a tracker that nobody owns yet. */
  readonly setupToken?: string | undefined;
  /** They may share what they publish. */
  readonly mayShare?: true | undefined;
}

/** How a session is called in the list of sessions. */
const label = 'cicada';

/** The key of this client owns the name from now on. Throws TrackerError. */
export async function register(place: AccountPlace, registration: Registration): Promise<OwnAccount> {
  const identity = await openIdentity(place.stateFolder);
  const publicKey = base64(identity.publicKey);
  const body = { ...definedOnly(registration), publicKey, label };
  const entered = await asked(place, { method: 'POST', path: '/accounts', body, answer: shapes.signedIn });
  return await remember(place, entered);
}

/** By key, or with a password by that one: then an account that has no key gets the one of this client. Throws TrackerError. */
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
 * For good. `password`: of an account without the key of this client. The tracker wants a sign-in of this moment, whatever
 * session is open. Throws TrackerError.
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
  // Nothing is left that it could open; that of another account stays.
  if (before === undefined || before.name === name) await forgetSession(place.stateFolder, tracker);
  else await saveSession(place.stateFolder, tracker, before);
}

/** The session ends on both sides; a tracker that cannot be reached does not keep it alive here. */
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

/** What a signed-in client, or a stranger, asks a tracker. */
export interface TrackerAccount {
  /** Of the tracker, without a slash at its end. */
  readonly url: string;
  /** Undefined: a stranger. */
  readonly name: string | undefined;
  call<Schema extends TSchema>(call: ApiCall<Schema>): Promise<Static<Schema>>;
  bytes(path: string, query?: ApiCall<TSchema>['query']): Promise<Uint8Array>;
  events(lastEventId: string | undefined): AsyncGenerator<string>;
  /** A large answer, as it comes. */
  stream(path: string): AsyncGenerator<Uint8Array>;
  close(): Promise<void>;
}

/** With the session that is remembered; as a stranger without one. Makes no call. */
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

  /** Calls that fail together renew the session once. */
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

/** One's own account. Throws TrackerError `not-signed-in`. */
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
  // The host as we call it, whatever the tracker says of itself: a signature opens no other door.
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
