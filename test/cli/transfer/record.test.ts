/** `cicada download --record FILE`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { replay } from '../../sim/replay/replay.ts';
import { documentsOf, SwarmScene } from '../swarm-scene.ts';

it('a recorded download makes the same decisions when it is replayed', async () => {
  await using scene = await SwarmScene.open();
  const out = scene.folder();
  const file = join(out, 'flight.jsonl');
  const args = ['get', 'Album.torrent', '-o', out, '--port', '0', '--record', file];
  const outcome = await scene.cicada(...args, '--json');
  expect(outcome.code).toBe(0);
  const recorded = documentsOf(outcome).find(({ event }) => event === 'recorded');
  expect(recorded).toMatchObject({ path: file, shortfall: null });
  const result = replay(readFileSync(file, 'utf8').split('\n'));
  expect(result).toMatchObject({ identical: true, end: 'stopped', facts: recorded.facts });

  const again = await scene.cicada(...args);
  expect(again.code).toBe(13);
  expect(again.stderr).toContain('name another file to record into');
});
