/**
 * Branches of the host that depend on the machine, its user or its clock: simulated runs load them but do not
 * execute them.
 */
import type { Unreached } from './entry.ts';

const promises = 'for callers that await promises: a run executes the steps itself';

export const hostUnreached: readonly Unreached[] = [
  {
    file: 'client/host/check-progress.ts',
    branches: {
      'const startedMs = performance.now()':
        'shows a user how far hashing is; test/host/resume/changed-while-stopped.test.ts asks for it',
    },
  },
  {
    file: 'client/host/client-error.ts',
    branches: {
      'export function cannotListen(': 'words for a port that is taken, where the program opens its sockets',
      'export function inTheWay(': 'words for a user; test/host/content/client-losses.test.ts reads them',
    },
  },
  {
    file: 'client/host/file-selection.ts',
    branches: {
      'return Math.max(unwanted, Math.min(priorityMax, Math.trunc(choice) || unwanted));':
        'priorities of files as numbers: storage runs choose files by yes and no; test/host/selection.test.ts',
    },
  },
  {
    file: 'client/host/disk/file-stamp.ts',
    branches: {
      'recorded.bornNs !== undefined) return now.bornNs === recorded.bornNs':
        'systems that do not tell when a file was made; the simulated one does',
      'ctimeNs: hasChangeTime ?': 'what Windows lacks; the machine that runs the seeds has it',
      'if (a === undefined || !sameFile(a, b)) return b':
        'a file that was exchanged between two writes of ours; seldom within a run: test/host/content/lost-files.test.ts',
      'bornNs: hasBirthTime &&': 'what some systems lack; the machine that runs the seeds has it, or never',
    },
  },
  {
    file: 'client/host/storage/piece-check.ts',
    branches: {
      'signal?.throwIfAborted()':
        'a user who ends the program while it hashes; a run kills it from one call to the next',
    },
  },
  {
    file: 'client/host/storage/piece-hashes.ts',
    branches: {
      'export function hasPieceHashes(':
        'asked before a download begins, by client/host/client.ts; test/host/client.test.ts',
      'pieceHashes.length === 0 ? undefined':
        'torrents of v2: those of storage runs are v1; test/host/client.test.ts',
      'const [first] = layout.segments(':
        'torrents of v2: those of storage runs are v1; test/host/client.test.ts',
      'const width = file.bytes <= pieceLength':
        'torrents of v2: those of storage runs are v1; test/host/client.test.ts',
    },
  },
  {
    file: 'client/host/disk/real-files.ts',
    branches: {
      '*': 'the real disk: a run has a file system of its own; test/contract/disk.test.ts holds both to one contract',
    },
  },
  {
    file: 'client/host/content/share-check.ts',
    branches: {
      '*': 'a folder that is shared, looked at by `cicada seed`; test/host/client.test.ts and resume.test.ts',
    },
  },
  {
    file: 'client/host/storage/shared-piece-memory.ts',
    branches: {
      '*': 'memory that threads share: a run has one thread, and memory that counts (test/sim/world/piece-memory.ts); test/contract/memory.test.ts',
    },
  },
  {
    file: 'client/host/disk/steps.ts',
    branches: {
      'else next.reject(result)':
        'a step that fails without a handler on the way; only promises of callers are made so',
      'if (this.#state !== undefined) return': 'settled twice: guards a call that would be our own bug',
      '(error) => all.reject(error)':
        'one of several readers fails: those of storage runs answer with what they found',
      'export function asPromise<T>(': promises,
    },
  },
  {
    file: 'client/host/disk/timers.ts',
    branches: { '*': 'the real clock: a run has its own' },
  },
  {
    file: 'client/host/torrent-wishes.ts',
    branches: {
      'throw cannotWrite(files.rootPath, error)':
        'a disk that refuses while files are chosen; storage runs choose on a disk that takes them: test/cli/transfer/disk.test.ts has full ones',
      'setSequential: (sequential) => sink(':
        'of the engine, which storage runs leave out; swarms tell it the same fact',
      'announceNow: () => sink(': 'of the engine, which storage runs leave out; swarms tell it the same fact',
      'setDeadline: (untrusted, inMs) =>':
        'of the engine, which storage runs leave out; swarms tell it the same fact',
      "throw new ClientError('exists', `${finalPath} is there already`":
        'others put a file there in the moment in which it is chosen; test/host/selection.test.ts lets one be',
    },
  },
  {
    file: 'client/host/upgrade.ts',
    branches: {
      '*': 'a new version of a torrent over its old one: storage runs have one version; test/host/upgrade.test.ts',
    },
  },
  {
    file: 'client/host/network/other-family.ts',
    branches: {
      'isTyped, first === 4 ? 6 : 4, done)':
        'hosts of both families ask a tracker of both by one of them first, always the same; test/host/network/other-family.test.ts',
      'if (family === undefined) return done()':
        'a farewell that waits for an announce over the second family, which then fails; test/host/network/other-family.test.ts',
      'if (line !== undefined) { line.push(step); return; }':
        'two announces over the second family at once; test/host/network/other-family.test.ts',
      'if ((this.#pauses.get(tracker)?.untilMs ?? 0) > nowMs()) return done()':
        'a tracker that failed over its second family; test/host/network/other-family.test.ts',
      "const said = event === 'paused' ? event : isListed ? undefined : 'started'":
        'hosts of a run do not pause; test/host/network/other-family.test.ts',
      '} else { this.#pause(tracker); }':
        'a tracker that fails over its second family; test/host/network/other-family.test.ts',
      '#pause(tracker: string): void {':
        'a tracker that fails over its second family; test/host/network/other-family.test.ts',
    },
  },
];
