/**
 * Where the programs of one checkout are run for a record: an empty place, people with a home each, and a notebook for
 * what was answered. Programs are started as an installed `cicada` is: by the `bin` of the checkout's package.json.
 *
 * Invariant: a place is the same path for both sides of a comparison, and is empty when a scene begins in it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { Child, Children, type Document } from '../../e2e/child.ts';
import { Names } from './names.ts';

/** By what was done: what it answered, with names for what differs from run to run. */
export type Answers = Record<string, string>;

/** Far more than any of these commands takes: a hung one is an answer, too. */
const patienceMs = 60_000;

export interface Ended {
  readonly exit: number | string;
  readonly stdout: string;
  readonly stderr: string;
  readonly documents: readonly Document[];
}

export interface Doing {
  /** Whose computer; ada's if left out. */
  readonly by?: string;
  readonly stdin?: Uint8Array;
  readonly env?: NodeJS.ProcessEnv;
  /** Documents that are compared; all if left out. Order and number of the others depend on the moment. */
  readonly only?: (document: Document) => boolean;
  /** What comes out at the same time comes in any order. */
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

  /** The programs of another checkout go on where those of the first ended. */
  enter(checkout: string): void {
    const { bin, version } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'));
    rmSync(join(this.place, 'bin/cicada'), { force: true });
    // Called by this name, the program calls itself so in every line it prints, wherever the checkout lies.
    symlinkSync(join(checkout, bin.cicada), join(this.place, 'bin/cicada'));
    this.names.call(checkout, '<checkout>');
    this.names.call(this.place, '<place>');
    // As it stands in messages that take a path for a name.
    this.names.call(this.place.replaceAll('/', ' - '), '<place>');
    this.names.call(`icada ${version}`, 'icada <version>');
    this.names.call(`icada/${version}`, 'icada/<version>');
  }

  /** Below the folder in which all programs run. */
  in(...names: string[]): string {
    return join(this.place, 'work', ...names);
  }

  /** Runs it to its end and writes down under `what` how that was. */
  async answer(what: string, args: readonly string[], doing: Doing = {}): Promise<Ended> {
    const ended = await this.run(args, doing);
    this.note(what, this.#told(ended, doing));
    return ended;
  }

  /** Command lines that have nothing to do with one another: two at a time. */
  async answerAll(lines: readonly (readonly string[])[]): Promise<void> {
    const rest = lines.values();
    const work = async () => {
      for (const args of rest) await this.answer(args.join(' ') || '(nothing)', args);
    };
    await Promise.all([work(), work()]);
  }

  /** Asks until the answer is as it will stay: a tracker counts anew every few seconds. Notes nothing. */
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

  /** The same for what has to end well and is of no interest itself. Answers its last document. */
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
    // A program may end before it has read all of it.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
    const [exit, stdout, stderr] = await Promise.all([promise, text(child.stdout!), text(child.stderr!)]);
    return { exit, stdout, stderr, documents: documentsIn(stdout) };
  }

  /** One that goes on running, with `--json`. */
  start(args: readonly string[], { by = 'ada' }: Doing = {}): Child {
    const command = [process.execPath, join(this.place, 'bin/cicada'), ...args, '--json'];
    return this.#children.add(new Child(command, { cwd: this.in(), env: this.#environment(by) }));
  }

  /** One that was started: how it ends after this signal, and what it has said. */
  async stop(what: string, child: Child, doing: Doing = {}): Promise<void> {
    await child.kill('SIGINT');
    const stdout = child.lines.join('\n');
    const exit = (await child.ended) ?? 'signal';
    const ended = { exit, stdout, stderr: child.errorLines.join('\n'), documents: documentsIn(stdout) };
    this.note(what, this.#told(ended, doing));
  }

  /** What is asked again may be answered otherwise. */
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

  /** Nothing of the user who compares. */
  #environment(person: string): NodeJS.ProcessEnv {
    const home = join(this.place, 'home', person);
    return {
      ...{ HOME: home, TMPDIR: join(this.place, 'tmp'), TZ: 'UTC', LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
      ...{ XDG_STATE_HOME: join(home, 'state'), XDG_CONFIG_HOME: join(home, 'config') },
      // What was compiled once serves all homes, parts and sides.
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
