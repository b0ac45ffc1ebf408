/** Errors about files named on the command line say which file is wrong, and where in it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readOptions } from './options.ts';
import { readPlan } from './plan-file.ts';
import { replayRecording } from './replay-command.ts';

function fileOf(text: string): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cicada-sim-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'file.json');
  fs.writeFileSync(file, text);
  return file;
}

it.each([
  ['a value is missing', '{\n "seed": 1,\n "name": }\n', 3],
  ['a comma is missing', '{\n "seed": 1\n "name": "x",\n "healMs": 1 }', 3],
  ['it breaks off', '{\n "seed": 1,\n', 3],
  ['it is something else', 'ID3', 1],
])('a broken plan is told with its file and line: %s', (_, text, line) => {
  const file = fileOf(text);
  expect(() => readPlan(file)).toThrow(`${file} is no plan: line ${line}: `);
});

it('the error for a missing file names the file', () => {
  expect(() => readPlan('/nope.json')).toThrow(/^\/nope\.json is no plan: ENOENT/);
  const options = readOptions([], 1, 1);
  expect(() => replayRecording('/nope.jsonl', options)).toThrow(/^\/nope\.jsonl: ENOENT/);
  expect(() => replayRecording(fileOf('{}'), options)).toThrow(/file\.json: line 1: /);
});

it('--help is accepted and gives the task help', () => {
  expect(readOptions(['--help'], 1, 1).task).toEqual({ kind: 'help' });
});
