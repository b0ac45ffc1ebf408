/**
 * Every route of the API, its request, and the answer to each role: the status, and for errors the code. A
 * banned account and a forged token get 401 `session-invalid` everywhere.
 */
import type { Album } from '../../catalogue/catalogue-album.ts';
import { type ApiScene, type Person, publishBody } from './api-scene.ts';

export interface Question {
  readonly path?: Readonly<Record<string, string | number>>;
  readonly query?: string;
  readonly body?: unknown;
}

export interface MatrixRow {
  readonly route: string;
  /** anonymous, guest, member, moderator, owner. */
  readonly answers: string;
  /** Makes a new request for each question. `by` is undefined for a stranger. */
  readonly ask?: (scene: ApiScene, n: string, by: Person | undefined) => Question | Promise<Question>;
  /** The route is open to strangers, even if the tracker requires sign-in. */
  readonly isDoor?: true;
}

/** The default error code of each status. Other codes are written after the status. */
export const codes: Readonly<Record<string, string>> = {
  401: 'not-signed-in',
  403: 'not-allowed',
  404: 'not-found',
};

const nobody = { path: { id: 'nowhere' } };
const pia = { path: { name: 'Pia' } };
const lobby = { path: { room: 'lobby' } };
const said = { text: 'hello' };
const why = { reason: 'not yours to share' };

const ofPia = async (scene: ApiScene, n: string) => ({ path: { id: await scene.publish({ album: n }) } });
const somebody = async (scene: ApiScene, n: string) => ({
  path: { name: (await scene.register(n)).name },
});
const album = (n: string): Album => ({ album: n, tracks: ['Song'] });
const asPublisher = (scene: ApiScene, by: Person | undefined) => by ?? scene.people.pia;

// biome-ignore format: a table is read in lines.
export const matrix: readonly MatrixRow[] = [
  { route: 'GET /server',                           answers: '200 200 200 200 200', isDoor: true },
  { route: 'POST /accounts',                        answers: '201 201 201 201 201', isDoor: true, ask: (_, n) => ({ body: { name: n, publicKey: keyOf(n) } }) },
  { route: 'GET /challenge',                        answers: '200 200 200 200 200', isDoor: true, ask: () => ({ query: 'name=Pia' }) },
  { route: 'POST /sessions',                        answers: '401:sign-in-failed 401:sign-in-failed 401:sign-in-failed 401:sign-in-failed 401:sign-in-failed', isDoor: true, ask: () => ({ body: { name: 'Pia', challenge: 'x', signature: 'AAAA' } }) },
  { route: 'GET /sessions',                         answers: '401 200 200 200 200' },
  { route: 'DELETE /sessions/{id}',                 answers: '401 404 404 404 404', ask: () => nobody },
  { route: 'GET /accounts/me',                      answers: '401 200 200 200 200' },
  { route: 'PATCH /accounts/me',                    answers: '401 200 200 200 200', ask: () => ({ body: {} }) },
  { route: 'DELETE /accounts/me',                   answers: '401 400:name-invalid 400:name-invalid 400:name-invalid 400:name-invalid', ask: () => ({ body: { name: 'somebody else' } }) },
  { route: 'GET /accounts/me/export',               answers: '401 200 200 200 200' },
  { route: 'POST /accounts/me/passkey',             answers: '401 200 200 200 200' },
  { route: 'GET /accounts/{name}',                  answers: '200 200 200 200 200', ask: () => pia },
  { route: 'PATCH /accounts/{name}',                answers: '401 403 403 200 200', ask: async (scene, n) => ({ ...(await somebody(scene, n)), body: { role: 'guest' } }) },
  { route: 'PUT /accounts/{name}/ban',              answers: '401 403 403 200 200', ask: async (scene, n) => ({ ...(await somebody(scene, n)), body: { reason: 'noise' } }) },
  { route: 'DELETE /accounts/{name}/ban',           answers: '401 403 403 200 200', ask: somebody },
  { route: 'GET /accounts/{name}/releases',         answers: '200 200 200 200 200', ask: () => pia },
  { route: 'PUT /accounts/{name}/follow',           answers: '401 204 204 204 204', ask: () => pia },
  { route: 'DELETE /accounts/{name}/follow',        answers: '401 204 204 204 204', ask: () => pia },
  { route: 'PUT /accounts/{name}/mute',             answers: '401 204 204 204 204', ask: () => pia },
  { route: 'DELETE /accounts/{name}/mute',          answers: '401 204 204 204 204', ask: () => pia },
  { route: 'PUT /accounts/{name}/block',            answers: '401 204 204 204 204', ask: somebody },
  { route: 'DELETE /accounts/{name}/block',         answers: '401 204 204 204 204', ask: somebody },
  { route: 'GET /mutes',                            answers: '401 200 200 200 200' },
  { route: 'POST /reports',                         answers: '401 201 201 201 201', ask: async (scene, n) => ({ body: { account: (await somebody(scene, n)).path.name, text: 'noise' } }) },
  { route: 'GET /reports',                          answers: '401 403 403 200 200' },
  { route: 'PUT /reports/{id}/outcome',             answers: '401 403 403 204 204', ask: reportByMia },
  { route: 'GET /accounts',                         answers: '401 403 403 200 200' },
  { route: 'GET /audit',                            answers: '401 403 403 200 200' },
  { route: 'GET /takedowns',                        answers: '401 403 403 200 200' },
  { route: 'DELETE /takedowns/{id}/block',          answers: '401 403 403 204 204', ask: blockOfPia },
  { route: 'GET /waiting',                          answers: '401 403 403 200 200' },
  { route: 'POST /waiting/{id}',                    answers: '401 403 403 204 204', ask: waitingOfPia },
  { route: 'GET /online',                           answers: '200 200 200 200 200' },
  { route: 'POST /invitations',                     answers: '401 403 201 201 201', ask: () => ({ body: {} }) },
  { route: 'GET /invitations',                      answers: '401 200 200 200 200' },
  { route: 'DELETE /invitations/{id}',              answers: '401 404 404 204 204', ask: invitationOfPia },
  { route: 'GET /groups',                           answers: '401 200 200 200 200' },
  { route: 'POST /groups',                          answers: '401 403 201 201 201', ask: (_, n) => ({ body: { name: n } }) },
  { route: 'PUT /groups/{group}/members/{name}',    answers: '401 404 404 404 404', ask: groupOfPia },
  { route: 'DELETE /groups/{group}/members/{name}', answers: '401 404 404 404 404', ask: groupOfPia },
  { route: 'GET /releases',                         answers: '200 200 200 200 200' },
  { route: 'POST /releases',                        answers: '401 403 201 201 201', ask: (scene, n, by) => ({ body: publishBody(album(n), asPublisher(scene, by)) }) },
  { route: 'GET /releases/{id}',                    answers: '200 200 200 200 200', ask: ofPia },
  { route: 'PATCH /releases/{id}',                  answers: '401 403 403 403 403', ask: async (scene, n) => ({ ...(await ofPia(scene, n)), body: { access: { visibility: 'everyone' } } }) },
  { route: 'DELETE /releases/{id}',                 answers: '401 403 403 403 403', ask: ofPia },
  { route: 'PUT /releases/{id}/takedown',           answers: '401 403 403 204 204', ask: async (scene, n) => ({ ...(await ofPia(scene, n)), body: why }) },
  { route: 'DELETE /releases/{id}/takedown',        answers: '401 403 403 204 204', ask: takenDownOfPia },
  { route: 'GET /releases/{id}/versions',           answers: '200 200 200 200 200', ask: ofPia },
  { route: 'POST /releases/{id}/versions',          answers: '401 403 403 403 403', ask: nextOfPia },
  { route: 'GET /releases/{id}/torrent',            answers: '200 200 200 200 200', ask: ofPia },
  { route: 'GET /releases/{id}/cover',              answers: '404 404 404 404 404', ask: ofPia },
  { route: 'GET /releases/{id}/comments',           answers: '200 200 200 200 200', ask: ofPia },
  { route: 'POST /releases/{id}/comments',          answers: '401 403 201 201 201', ask: async (scene, n) => ({ ...(await ofPia(scene, n)), body: said }) },
  { route: 'PUT /releases/{id}/follow',             answers: '401 204 204 204 204', ask: ofPia },
  { route: 'DELETE /releases/{id}/follow',          answers: '401 204 204 204 204', ask: ofPia },
  { route: 'GET /search',                           answers: '200 200 200 200 200', ask: () => ({ query: 'q=song' }) },
  { route: 'GET /rooms',                            answers: '200 200 200 200 200' },
  { route: 'POST /rooms',                           answers: '401 403 201 201 201', ask: (_, n) => ({ body: { name: n } }) },
  { route: 'PATCH /rooms/{room}',                   answers: '401 403 403 200 200', ask: roomOfPia },
  { route: 'GET /rooms/{room}/messages',            answers: '200 200 200 200 200', ask: () => lobby },
  { route: 'POST /rooms/{room}/messages',           answers: '401 403 201 201 201', ask: () => ({ ...lobby, body: said }) },
  { route: 'GET /messages',                         answers: '200 200 200 200 200', ask: () => ({ query: 'q=hello' }) },
  { route: 'DELETE /messages/{id}',                 answers: '401 403 403 204 204', ask: messageOfPia },
  { route: 'GET /direct',                           answers: '401 200 200 200 200' },
  { route: 'GET /direct/{name}/messages',           answers: '401 200 200 200 200', ask: () => pia },
  { route: 'POST /direct/{name}/messages',          answers: '401 403 201 201 201', ask: () => ({ ...pia, body: said }) },
  { route: 'GET /follows',                          answers: '401 200 200 200 200' },
  { route: 'GET /wishes',                           answers: '401 200 200 200 200' },
  { route: 'POST /wishes',                          answers: '401 201 201 201 201', ask: () => ({ body: { query: 'abbey road' } }) },
  { route: 'DELETE /wishes/{id}',                   answers: '401 404 404 404 404', ask: () => nobody },
  { route: 'GET /notices',                          answers: '401 200 200 200 200' },
  { route: 'POST /notices/read',                    answers: '401 204 204 204 204', ask: async (scene) => ({ body: { upToId: (await messageOfPia(scene)).path.id } }) },
  // For its stream see api-events.test.ts. An invalid event id is refused before authentication.
  { route: 'GET /events',                           answers: '400:bad-request 400:bad-request 400:bad-request 400:bad-request 400:bad-request', isDoor: true, ask: () => ({ query: 'after=x' }) },
];

/** Feeds with the key of each asker: anonymous, the four roles, a banned account, an invalid key. */
export const feeds: readonly { readonly route: string; readonly url: string; readonly answers: string }[] = [
  { route: 'GET /rss/search', url: '//rss/search?q=song', answers: '200 200 200 200 200 401 401' },
  { route: 'GET /rss/rooms/{room}', url: '//rss/rooms/lobby', answers: '200 200 200 200 200 401 401' },
  {
    route: 'GET /rss/releases/{file}',
    url: `//rss/releases/${'a'.repeat(26)}-1.torrent`,
    answers: '404 404 404 404 404 401 401',
  },
  { route: 'GET /rss/users/{name}', url: '//rss/users/Pia', answers: '200 200 200 200 200 401 401' },
];

async function invitationOfPia(scene: ApiScene) {
  const { json } = await scene.ask('POST /invitations', { by: scene.people.pia, body: {} });
  return { path: { id: json.id } };
}

async function groupOfPia(scene: ApiScene, n: string) {
  await scene.ask('POST /groups', { by: scene.people.pia, body: { name: n } });
  return { path: { group: n, name: 'Mia' } };
}

async function reportByMia(scene: ApiScene, n: string) {
  const body = { account: (await scene.register(n)).name, text: 'noise' };
  await scene.ask('POST /reports', { by: scene.people.member, body });
  // The reporter gets an opaque id; moderators get a number.
  const { json } = await scene.ask('GET /reports?limit=1', { by: scene.people.owner });
  return { path: { id: String(json.rows[0].id) }, body: { outcome: 'talked to them' } };
}

async function takenDownOfPia(scene: ApiScene, n: string) {
  const id = await scene.publish({ album: n });
  await scene.ask(`PUT /releases/${id}/takedown`, { by: scene.people.owner, body: why });
  return { path: { id } };
}

async function blockOfPia(scene: ApiScene, n: string) {
  await takenDownOfPia(scene, n);
  const { json } = await scene.ask('GET /takedowns?blocking=true&limit=1', { by: scene.people.owner });
  return { path: { id: json.rows[0].id } };
}

async function waitingOfPia(scene: ApiScene, n: string) {
  await takenDownOfPia(scene, n);
  const body = { ...publishBody(album(n), scene.people.member), album: n };
  await scene.ask('POST /releases', { by: scene.people.member, body });
  const { json } = await scene.ask('GET /waiting?limit=1', { by: scene.people.owner });
  return { path: { id: json.rows[0].id }, body: { decision: 'approve', ...why } };
}

async function roomOfPia(scene: ApiScene, n: string) {
  await scene.ask('POST /rooms', { by: scene.people.pia, body: { name: n } });
  return { path: { room: n }, body: { topic: 'music' } };
}

async function messageOfPia(scene: ApiScene) {
  const { json } = await scene.ask('POST /rooms/lobby/messages', { by: scene.people.pia, body: said });
  return { path: { id: json.id } };
}

async function nextOfPia(scene: ApiScene, n: string) {
  const path = { id: await scene.publish({ album: n }) };
  const { releaseId: _, ...body } = publishBody(album(`${n} again`), scene.people.pia, 2, n);
  return { path, body: { version: 2, ...body } };
}

/** 32 bytes, different for each name. */
function keyOf(name: string): string {
  return Buffer.from(name.padEnd(32, '.').slice(-32)).toString('base64');
}

/** The method and path of a request for `/releases/{id}` and its question. */
export function callOf(route: string, { path = {}, query }: Question): string {
  const filled = route.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name] ?? name));
  return query === undefined ? filled : `${filled}?${query}`;
}

/** The routes in the API's own documentation. */
export function documentedRoutes(scene: ApiScene): string[] {
  const { paths = {} } = scene.app.swagger() as unknown as { paths?: Record<string, object> };
  return Object.entries(paths)
    .flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/^\/api\/v1/, '')}`),
    )
    .sort();
}
