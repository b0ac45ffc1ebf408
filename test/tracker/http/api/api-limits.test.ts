/**
 * Floods and forgeries: guessed passwords, forged tokens and addresses, and signatures for another tracker.
 */
import { sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signInText } from '../../../../tracker/protocol/api/sign-in-text.ts';
import { type ApiScene, openApiScene, type Person, publishBody } from './api-scene.ts';

const times = (count: number) => Array.from({ length: count }, (_, n) => n);
const password = 'correct horse battery';

let scene: ApiScene;
beforeAll(async () => {
  scene = await openApiScene({}, { trustedProxies: ['192.0.2.1'] });
  await scene.ask('POST /accounts', { body: { name: 'Paul', password } });
  // From here on the clock stands still.
  scene.clock.stepMs = 0;
});
afterAll(() => scene.close());

const signIn = (name: string, word: string, more: object = {}) =>
  scene.ask('POST /sessions', { body: { name, password: word }, ...more });
const statuses = async (answers: Promise<{ status: number }>[]) => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

describe('a guessed password', () => {
  it('a password may be guessed ten times from one address, counting all spellings of the name', async () => {
    const spellings = ['Paul', 'paul', 'PAUL', '\uff30aul', 'P\uff41ul', 'pau\uff4c'];
    const from = '198.51.100.7';
    const answers: number[] = [];
    for (const n of times(14)) {
      answers.push((await signIn(spellings[n % spellings.length]!, 'wrong guess', { from })).status);
    }
    expect(answers).toEqual([...times(10).map(() => 401), 429, 429, 429, 429]);
    expect((await signIn('Paul', password, { from })).headers['retry-after']).toBe('900');
  });

  it('guessing the passwords of many names from one address is refused after sixty tries', async () => {
    const from = '198.51.100.8';
    const first = await statuses(times(50).map((n) => signIn(`guess ${n}`, 'x', { from })));
    const then = await statuses(times(1_000).map((n) => signIn(`more ${n}`, 'x', { from })));
    expect(first[429] ?? 0).toBe(0);
    expect(then[429]).toBeGreaterThanOrEqual(990);
  });

  it('password guesses from a thousand addresses at once are refused, and announces are still answered', async () => {
    const crowd = statuses(times(1_000).map((n) => signIn(`crowd ${n}`, 'some password')));
    const reply = await scene.announce(Buffer.alloc(20, 1));
    expect(reply.toString('latin1')).toContain('failure reason');
    const counts = await crowd;
    expect(Object.keys(counts).toSorted()).toEqual(['401', '503']);
    expect(counts[503]).toBeGreaterThan(900);
  });

  it('a user who arrives during a flood of password guesses can sign in', async () => {
    await scene.ask('POST /accounts', { body: { name: 'Rene', password } });
    const flood = (n: number) =>
      signIn(`flood ${n}`, 'some password', { from: `198.51.100.${100 + (n % 50)}` });
    const crowd = statuses(times(500).map(flood));
    await Promise.resolve();
    expect((await signIn('Rene', password)).status).toBe(201);
    expect((await crowd)[503]).toBeGreaterThan(300);
  });

  it('a wrong password for an unknown name gets the same answer as for a known one', async () => {
    const told = async (name: string) => (await signIn(name, 'wrong guess')).json.error;
    const { requestId: _, ...known } = await told('Paul');
    const { requestId: __, ...unknown } = await told('Nobody here');
    expect(known).toEqual(unknown);
  });
});

describe('the right password', () => {
  beforeAll(async () => {
    await scene.ask('POST /accounts', { body: { name: 'Rosa', password } });
    for (const n of times(110)) await signIn('Rosa', `wrong ${n}`, { from: `203.0.113.${n % 11}` });
  });

  it('the right password opens the account from a new address after 110 wrong ones from eleven others', async () => {
    expect((await signIn('Rosa', password)).status).toBe(201);
  });

  it('the right password is refused from an address of wrong ones, and the answer says why, what to do and when to retry', async () => {
    const { status, code, headers, json } = await signIn('Rosa', password, { from: '203.0.113.1' });
    expect([status, code, headers['retry-after']]).toEqual([
      429,
      'too-often',
      expect.stringMatching(/^\d+$/),
    ]);
    expect(json.error.message).toMatch(/^too many passwords .* your address: try again in \d+ min; .*by key/);
  });

  it('guesses through a trusted proxy count for the address that the proxy names', async () => {
    await scene.ask('POST /accounts', { body: { name: 'Ruth', password } });
    const via = (address: string) => ({ from: '192.0.2.1', headers: { 'x-forwarded-for': address } });
    const answers = times(11).map(() => signIn('Ruth', 'wrong guess', via('198.51.100.60')));
    expect(await statuses(answers)).toEqual({ 401: 10, 429: 1 });
    expect((await signIn('Ruth', password, via('198.51.100.61'))).status).toBe(201);
  });

  it('a user who signs in is told how many wrong passwords were tried, and from how many addresses', async () => {
    const { json } = await signIn('Rosa', password);
    const by = { token: json.session.token };
    const rows = async () => (await scene.ask('GET /notices', { by })).json.rows;
    const told = { kind: 'wrong-passwords', text: '100 wrong passwords from 11 addresses within a day' };
    await expect.poll(rows).toEqual([expect.objectContaining(told)]);
  });
});

describe('a forged token', () => {
  it.each([
    ['of no session', 'Bearer AAAA'],
    ['of invalid characters', 'Bearer %00'],
    ['too long', `Bearer ${'A'.repeat(5_000)}`],
    ['of another scheme', 'Basic b2xnYTpvbGdh'],
    ['empty', 'Bearer '],
    ['twice', 'Bearer AAAA, Bearer BBBB'],
  ])('a forged token that is %s is refused, and not treated as anonymous', async (_, authorization) => {
    const { status, code } = await scene.ask('GET /releases', { headers: { authorization } });
    expect([status, code]).toEqual([401, 'session-invalid']);
  });

  it('an address may send a thousand forged tokens before it is refused', async () => {
    const by = { token: 'B'.repeat(43) };
    const counts = await statuses(
      times(1_500).map(() => scene.ask('GET /rooms', { by, from: '198.51.100.9' })),
    );
    expect(counts[429]).toBe(500);
  });
});

describe('a forged address', () => {
  const registered = async (headers: (n: number) => Record<string, string>, from: string, name: string) => {
    const register = (n: number) =>
      scene.ask('POST /accounts', {
        headers: headers(n),
        from,
        body: { name: `${name} ${n}`, publicKey: 'AAAA' },
      });
    return (await statuses(times(12).map(register)))[429] ?? 0;
  };

  it('an X-Forwarded-For header from an untrusted client is ignored', async () => {
    const forged = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}` });
    expect(await registered(forged, '198.51.100.20', 'forger')).toBe(2);
  });

  it('addresses to the left of the one that a trusted proxy wrote are ignored', async () => {
    const forged = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}, 198.51.100.21` });
    expect(await registered(forged, '192.0.2.1', 'proxied')).toBe(2);
  });

  it('all IPv6 addresses of one network count as one client', async () => {
    const own = (n: number) => ({ 'x-forwarded-for': `2001:db8:1:2::${n.toString(16)}` });
    expect(await registered(own, '192.0.2.1', 'six')).toBe(2);
  });
});

describe('registering', () => {
  const register = (name: string, more: object, from: string) =>
    scene.ask('POST /accounts', { from, body: { name, password, ...more } });

  it('a household may register by invitation from one address, and invalid invitations do not use up open registrations', async () => {
    const from = '198.51.100.30';
    const { json } = await scene.ask('POST /invitations', { by: scene.people.owner, body: { uses: 40 } });
    const answers: number[] = [];
    for (const n of times(12)) {
      answers.push((await register(`Kin ${n}`, { invitation: 'x'.repeat(43) }, from)).status);
      answers.push((await register(`Kin ${n}`, { invitation: json.token }, from)).status);
    }
    expect(answers).toEqual(times(12).flatMap(() => [403, 201]));
    expect((await register('Kin of nobody', {}, from)).status).toBe(201);
  });

  it('registering with an invalid invitation is refused after thirty tries', async () => {
    const from = '198.51.100.31';
    const tries = times(32).map((n) => ({ name: `Try ${n}`, publicKey: 'AAAA', invitation: 'y'.repeat(43) }));
    const counts = await statuses(tries.map((body) => scene.ask('POST /accounts', { from, body })));
    expect(counts[429]).toBe(2);
  });
});

describe('a signature to sign in with', () => {
  async function signedBy({ name, key }: Person, host: string, headers: Record<string, string> = {}) {
    const { json } = await scene.ask(`GET /challenge?name=${name}`);
    const { challenge } = json;
    const signature = sign(null, Buffer.from(signInText({ host, name, challenge })!), key).toString('base64');
    const body = { name, challenge, signature };
    return { body, answer: await scene.ask('POST /sessions', { body, headers }) };
  }

  it('a signed challenge is valid for this tracker, once', async () => {
    const { answer, body } = await signedBy(scene.people.pia, 'tracker.example');
    expect(answer.status).toBe(201);
    expect((await scene.ask('POST /sessions', { body })).code).toBe('sign-in-failed');
  });

  it('a signature for another tracker is invalid here, with any Host header', async () => {
    const host = 'evil.example';
    const { answer } = await signedBy(scene.people.pia, host, { host });
    expect([answer.status, answer.code]).toEqual([401, 'sign-in-failed']);
  });

  it("a signature by another user's key is refused", async () => {
    const { pia, member } = scene.people;
    const { answer } = await signedBy({ ...pia, key: member.key }, 'tracker.example');
    expect(answer.code).toBe('sign-in-failed');
  });
});

describe('the single writer', () => {
  const tracks = times(501).map((n) => `Track ${n}`);

  it('an account may publish ten large releases at once, and then one a minute', async () => {
    const by = await scene.register('Archivist');
    const publish = (n: number) =>
      scene.ask('POST /releases', { by, body: publishBody({ album: `Archive ${n}`, tracks }, by) });
    const codes: (string | undefined)[] = [];
    for (const n of times(11)) codes.push((await publish(n)).code);
    expect(codes).toEqual([...times(10).map(() => undefined), 'too-often']);
  });

  it('changing the access of a large release is limited like publishing large ones, of a small one like publishing any', async () => {
    const by = await scene.register('Switcher');
    const large = await scene.publish({ album: 'Large', tracks, private: true }, undefined, by);
    const small = await scene.publish({ album: 'Small', private: true }, undefined, by);
    const turn = (id: string, n: number) => {
      const access = { visibility: n % 2 === 0 ? 'nobody' : 'members' };
      return scene.ask(`PATCH /releases/${id}`, { by, body: { access } });
    };
    expect(await statuses(times(20).map((n) => turn(large, n)))).toEqual({ 200: 9, 429: 11 });
    const often = await statuses(times(220).map((n) => turn(small, n)));
    expect(often).toEqual({ 200: 178, 429: 42 });
  });
});

describe('reports', () => {
  it('an account may send twenty reports at once, and then one every three minutes', async () => {
    const report = (n: number) =>
      scene.ask('POST /reports', { by: scene.people.pia, body: { account: 'Mia', text: `noise ${n}` } });
    expect(await statuses(times(25).map(report))).toEqual({ 201: 20, 429: 5 });
    expect((await report(0)).headers['retry-after']).toBe('180');
    const { json } = await scene.ask('GET /reports', { by: scene.people.owner });
    expect(json.rows).toHaveLength(1);
  });
});
