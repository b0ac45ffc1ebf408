/**
 * qBittorrent downloads automatically from a feed: a members-only release, from a tracker that requires
 * sign-in, with a member's feed key.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { openAccount, ownAccount } from '../../client/account/account.ts';
import { startTracker } from '../../tracker/server.ts';
import { Child, Children } from '../e2e/child.ts';
import { Person } from '../e2e/person.ts';
import { TemporaryFolder } from '../e2e/shared-folder.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { requirePeers } from './swarm.ts';

const qbittorrent = {
  name: 'qBittorrent',
  debianPackage: 'qbittorrent-nox',
  isInstalled() {
    try {
      execFileSync('qbittorrent-nox', ['--version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The settings accept the legal notice, and allow requests from this machine without a password. */
async function startQbittorrent(profile: string, children: Children) {
  const port = await freePort();
  const folder = join(profile, 'qBittorrent/config');
  mkdirSync(folder, { recursive: true });
  const settings = `[LegalNotice]
Accepted=true
[Preferences]
WebUI\\Address=127.0.0.1
WebUI\\Port=${port}
WebUI\\LocalHostAuth=false
`;
  writeFileSync(join(folder, 'qBittorrent.conf'), settings);
  const program = ['qbittorrent-nox', `--profile=${profile}`, `--webui-port=${port}`];
  children.add(new Child(program, { env: { HOME: profile } }));
  const ask = async (path: string, fields?: Readonly<Record<string, string>>) => {
    const body = fields && { method: 'POST', body: new URLSearchParams(fields) };
    const answer = await fetch(`http://127.0.0.1:${port}/api/v2${path}`, body);
    const text = await answer.text();
    expect(answer.status, `${path} ${text}`).toBe(200);
    return text;
  };
  await vi.waitFor(() => ask('/app/version'), { timeout: 30_000, interval: 200 });
  return ask;
}

it('qBittorrent downloads automatically from a feed of releases', async (context) => {
  requirePeers(context, [qbittorrent], false);
  using place = new TemporaryFolder();
  await using children = new Children();
  const tracker = await startTracker({
    port: 0,
    dataFolder: place.in('tracker'),
    policy: { signInRequired: true, newcomerRole: 'member' },
  });
  try {
    const folder = place.in('Low Tide');
    mkdirSync(folder);
    writeFileSync(join(folder, '1 Song.flac'), noise(600_000, 1));
    const [ada, ben] = ['ada', 'ben'].map((name) => new Person(place.in(name), children)) as [Person, Person];
    await ada.run('register', 'ada', '--tracker', tracker.url);
    await ben.run('register', 'ben', '--tracker', tracker.url);
    const share = ada.start('share', folder, '--visibility', 'members', '--port', '0');
    await share.event('tracker-answered');
    const account = await openAccount({ stateFolder: place.in('ben/state/cicada'), tracker: tracker.url });
    const { feedKey } = await ownAccount(account);
    await account.close();

    const ask = await startQbittorrent(place.in('qbittorrent'), children);
    const feed = `${tracker.url}/rss/search?q=&key=${feedKey}`;
    const music = place.in('music');
    const preferences = {
      rss_processing_enabled: true,
      rss_auto_downloading_enabled: true,
      save_path: music,
      // On loopback, qBittorrent announces only to paths that begin with /announce. Cicada's begin with a
      // passkey.
      ssrf_mitigation: false,
    };
    await ask('/app/setPreferences', { json: JSON.stringify(preferences) });
    const rule = { enabled: true, mustContain: '', affectedFeeds: [feed], savePath: music };
    await ask('/rss/setRule', { ruleName: 'everything', ruleDef: JSON.stringify(rule) });
    await ask('/rss/addFeed', { url: feed, path: 'cicada' });
    await vi.waitFor(
      async () => {
        const torrents = JSON.parse(await ask('/torrents/info')) as { name: string; progress: number }[];
        expect(torrents).toMatchObject([{ name: 'Low Tide', progress: 1 }]);
      },
      { timeout: 90_000, interval: 500 },
    );
    expect(readFileSync(join(music, 'Low Tide/1 Song.flac')).equals(noise(600_000, 1))).toBe(true);
  } finally {
    await children[Symbol.asyncDispose]();
    await tracker.close();
  }
}, 180_000);
