/**
 * Runs the programs of one checkout for a record, in an empty place, with a home folder per user, and notes
 * the answers. Programs are started like an installed `cicada`: by the `bin` of the checkout's package.json.
 *
 * Invariant: both sides of a comparison use the same path as their place, and it is empty when a part begins.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { Child, Children, type Document } from '../../e2e/child.ts';
import { Names } from './names.ts';

/** By question: the answer, with names for values that differ between runs. */
export type Answers = Record<string, string>;

/** Far longer than any of these commands takes. A hanging command is an answer too. */
const patienceMs = 60_000;

export interface Ended {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly documents: readonly Document[];
}

export interface Doing {
  /** The user who runs the command. Default: ada. */
  readonly by?: string;
  readonly stdin?: Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Selects the documents to compare. Default: all. Order and number of the others depend on timing. */
  readonly only?: (document: Document) => boolean;
  /** Sorts the documents, because their order depends on timing. */
  readonly sorted?: boolean;
}

export class Stage implements AsyncDisposable {
  readonly checkout: string;
  readonly place: string;
  readonly names = new Names();
  readonly answers: Answers = {};
  readonly #children = new Children();

  constructor(checkout: string, place: string) {
    this.checkout = checkout;
    this.place = place;
    mkdirSync(place, { recursive: true });
    for (const name of readdirSync(place)) rmSync(join(place, name), { recursive: true, force: true });
    for (const name of ['bin', 'tmp', 'work']) mkdirSync(join(place, name));
    this.enter(checkout);
  }

  /** From now on runs the programs of another checkout, in the same place. */
  enter(checkout: string): void {
    const { bin, version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    rmSync(join(this.place, 'bin/cicada'), { force: true });
    // Called by this path, the program prints the same name for itself in every checkout.
    symlinkSync(join(checkout, bin.cicada), join(this.place, 'bin/cicada'));
    this.names.call(checkout, '<checkout>');
    this.names.call(this.place, '<place>');
    // The form that the path has in messages that take it for a name.
    this.names.call(this.place.replaceAll('/', ' - '), '<place>');
    this.names.call(`icada ${version}`, 'icada <version>');
    this.names.call(`icada/${version}`, 'icada/<version>');
  }

  /** A path below the folder in which all programs run. */
  in(...names: string[]): string {
    return join(this.place, 'work', ...names);
  }

  /** Runs a program to its end and notes its result under `what`. */
  async answer(what: string, args: readonly string[], doing: Doing = {}): Promise<Ended> {
    const ended = await this.run(args, doing);
    this.note(what, this.#told(ended, doing));
    return ended;
  }

  /** Runs independent command lines, two at a time. */
  async answerAll(lines: readonly (readonly string[])[]): Promise<void> {
    const rest = lines.values();
    const work = async () => {
      for (const args of rest) await this.answer(args.join(' ') || '(nothing)', args);
    };
    await Promise.all([work(), work()]);
  }

  /** Repeats a command until its answer fits: a tracker counts only every few seconds. Notes nothing. */
  async until(
    args: readonly string[],
    fits: (document: Document) => boolean,
    doing: Doing = {},
  ): Promise<void> {
    const giveUpMs = performance.now() + patienceMs;
    let ended = await this.run([...args, '--json'], doing);
    while (!ended.documents.some(fits)) {
      if (performance.now() > giveUpMs)
        throw new Error(`cicada ${args.join(' ')} says all the time:\n${ended.stdout}`);
      ended = await this.run([...args, '--json'], doing);
    }
  }

  /** Runs a program that has to succeed. Notes nothing, and returns its last document. */
  async do(args: readonly string[], doing: Doing = {}): Promise<Document> {
    const ended = await this.run([...args, '--json'], doing);
    if (ended.exit === 0) return ended.documents.at(-1) ?? {};
    throw new Error(`cicada ${args.join(' ')} ended with ${ended.exit}:\n${ended.stdout}${ended.stderr}`);
  }

  async run(args: readonly string[], { by = 'ada', stdin, env }: Doing = {}): Promise<Ended> {
    const child = spawn(process.execPath, [join(this.place, 'bin/cicada'), ...args], {
      cwd: this.in(),
      env: { ...this.#environment(by), ...env },
      stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: patienceMs,
      killSignal: 'SIGKILL',
    });
    const { promise, resolve, reject } = Promise.withResolvers<number | string>();
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? String(signal)));
    // A program may end before it has read all input.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
    const [exit, stdout, stderr] = await Promise.all([promise, text(child.stdout!), text(child.stderr!)]);
    return { exit, stdout, stderr, documents: documentsIn(stdout) };
  }

  /** Starts a program that keeps running, with `--json`. */
  start(args: readonly string[], { by = 'ada' }: Doing = {}): Child {
    const command = [process.execPath, join(this.place, 'bin/cicada'), ...args, '--json'];
    return this.#children.add(new Child(command, { cwd: this.in(), env: this.#environment(by) }));
  }

  /** Stops a program from start() with SIGINT, and notes how it ended and what it printed. */
  async stop(what: string, child: Child, doing: Doing = {}): Promise<void> {
    await child.kill('SIGINT');
    const stdout = child.lines.join('\n');
    const exit = (await child.ended) ?? 'signal';
    const ended = { exit, stdout, stderr: child.errorLines.join('\n'), documents: documentsIn(stdout) };
    this.note(what, this.#told(ended, doing));
  }

  /** Repeated questions get their own names, because their answers may differ. */
  note(what: string, answer: string): void {
    const name = what in this.answers ? `${what}, again` : what;
    if (name !== what && name in this.answers) return this.note(name, answer);
    this.answers[name] = answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#children[Symbol.asyncDispose]();
  }

  #told({ exit, stdout, stderr, documents }: Ended, { only, sorted = false }: Doing): string {
    const printed = stdout === '' ? [] : [this.names.ofOutput(stdout)];
    const said =
      only === undefined && !sorted
        ? printed
        : documents.filter((document) => only?.(document) ?? true).map((each) => this.names.ofDocument(each));
    if (sorted) said.sort();
    const complaints = stderr === '' ? [] : [`stderr: ${this.names.ofOutput(stderr)}`];
    return [`exit ${exit}`, ...said, ...complaints].join('\n');
  }

  /** Contains nothing of the user who compares. */
  #environment(person: string): NodeJS.ProcessEnv {
    const home = join(this.place, 'home', person);
    return {
      ...{ HOME: home, TMPDIR: join(this.place, 'tmp'), TZ: 'UTC', LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
      ...{ XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
      // One compile cache for all homes, parts and sides.
      ...{ XDG_CACHE_HOME: `${this.place} cache`, CICADA_I_MAY_SHARE: '1' },
    };
  }
}

function documentsIn(stdout: string): Document[] {
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Document];
    } catch {
      return [];
    }
  });
}
