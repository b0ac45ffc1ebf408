/** The first steps of a new user, with the real programs, on two hosts with one tracker. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Children, cicada, type Document } from '../e2e/child.ts';
import { Person } from '../e2e/person.ts';
import { differenceOf, TemporaryFolder } from '../e2e/shared-folder.ts';
import { noise } from '../torrents/folder-fixture.ts';
import { Lab } from './lab.ts';
import { requirePeers } from './swarm.ts';

const songs = ['Underground', 'Warm Rain', 'Evening Call', 'The Last Song'];
const songBytes = 400_000;
const album = 'The Brood - Seventeen Summers (2019)';
const nameOf = (song: string) => `0${songs.indexOf(song) + 1} ${song}.flac`;

it('two users register, share, search, download a song and an album, chat, follow and receive a new version', {
  timeout: 90_000,
}, async (context) => {
  requirePeers(context, [], true);
  using lab = new Lab(3);
  using place = new TemporaryFolder();
  await using children = new Children();
  const [trackerHost, adasHost, bobsHost] = lab.hosts;
  const ada = new Person(place.in('ada'), children, adasHost!.inside);
  const bob = new Person(place.in('bob'), children, bobsHost!.inside);
  const [original, music] = [place.in('ada', album), place.in('bob', 'music')];
  mkdirSync(original, { recursive: true });
  for (const [at, song] of songs.entries())
    writeFileSync(`${original}/${nameOf(song)}`, noise(songBytes, at + 1));
  const listening = children.add(
    cicada(
      ['tracker', '--listen', `${trackerHost!.address}:0`, '--data', place.in('tracker')],
      trackerHost!.inside,
    ),
  );
  const { api: tracker } = await listening.event('listening');

  // Register, and share a folder.
  await ada.run('register', 'ada', '--tracker', String(tracker));
  await bob.run('register', 'bob', '--tracker', String(tracker));
  const share = ada.start('share', original, '--port', '0');
  const { release, version, pieceLength } = await share.event('sharing');
  expect(version).toBe(1);
  await share.event('tracker-answered');

  // Search for a misspelt title from the other host, and see who has it.
  const [found] = await bob.run('search', 'evning', 'call');
  const [hit] = found!.rows as readonly Document[];
  expect(hit).toMatchObject({ title: 'Evening Call', approximate: true, releaseId: release });
  expect(hit!.holders).toEqual([
    expect.objectContaining({ name: 'ada', host: adasHost!.address, connectMs: expect.any(Number) }),
  ]);

  // Get one song of the album, then the album.
  await bob.run('get', '1', '-o', music, '--port', '0');
  expect(readdirSync(`${music}/${album}`)).toEqual([nameOf('Evening Call')]);
  await bob.run('search', 'seventeen', 'sumers', '--albums');
  const fetched = await bob.run('get', '1', '-o', music, '--port', '0');
  const wholeSong = Math.ceil(songBytes / Number(pieceLength)) * Number(pieceLength);
  expect(Number(fetched.find(({ event }) => event === 'done')!.downloaded)).toBeLessThanOrEqual(
    (songs.length - 1) * wholeSong,
  );
  expect(differenceOf(original, `${music}/${album}`)).toBeUndefined();

  // Chat and comment.
  await bob.run('say', 'lobby', 'Has anybody heard this?');
  await bob.run('comment', String(release), 'The third one!');
  await ada.run('say', '@bob', 'I have sung it');
  const [said] = await ada.run('read', 'lobby');
  expect(said!.messages).toMatchObject([{ author: 'bob', text: 'Has anybody heard this?' }]);
  const [alone] = await bob.run('read', '@ada');
  expect(alone!.messages).toMatchObject([{ author: 'ada', text: 'I have sung it' }]);
  const [inbox] = await ada.run('inbox');
  const kinds = (inbox!.notices as readonly Document[]).map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(['finished', 'comment']));

  // Follow the release, and receive a new version by downloading only the changed song.
  await bob.run('follow', String(release));
  const following = bob.start('inbox', '--follow', '--download', '-o', music, '--port', '0');
  await following.event('listening');
  writeFileSync(`${original}/${nameOf('Warm Rain')}`, noise(songBytes, 99));
  expect(await share.event('new-version')).toMatchObject({ release, version: 2 });
  await following.event('notice', ({ notice }) => (notice as Document).kind === 'new-version');
  const done = await following.event('done');
  expect(done.downloaded).toBe(wholeSong);
  expect(differenceOf(original, `${music}/${album}`)).toBeUndefined();
  expect((await children.end()).map(({ name }) => name)).toEqual([]);
});
