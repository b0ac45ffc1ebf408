/** A user with their own computer: runs `cicada` with a separate home folder. */
import { join } from 'node:path';
import { Child, type Children, cicada, cicadaMain, type Document } from './child.ts';

export class Person {
  readonly #home: string;
  readonly #inside: readonly string[];
  readonly #children: Children;

  /** `home`: where their programs keep their state. `inside`: a command that runs others on their host. */
  constructor(home: string, children: Children, inside: readonly string[] = []) {
    this.#home = home;
    this.#children = children;
    this.#inside = inside;
  }

  /** Starts a command that keeps running. */
  start(...args: string[]): Child {
    return this.#children.add(cicada(args, this.#inside, this.#env));
  }

  /** The same without `--json`: the output for people. */
  plainly(...args: string[]): Child {
    const command = [...this.#inside, process.execPath, cicadaMain, ...args];
    return this.#children.add(new Child(command, { env: this.#env }));
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      XDG_STATE_HOME: join(this.#home, 'state'),
      XDG_CONFIG_HOME: join(this.#home, 'config'),
      CICADA_I_MAY_SHARE: '1',
    };
  }

  /** Runs a command that must succeed. Returns the documents it printed. */
  async run(...args: string[]): Promise<readonly Document[]> {
    const child = this.start(...args);
    await child.success();
    return child.lines.map((line) => JSON.parse(line) as Document);
  }

  /** Runs a command that must fail. Returns its exit code and error code. */
  async fails(...args: string[]): Promise<{ readonly exit: number | null; readonly code: unknown }> {
    const child = this.start(...args);
    const exit = await child.ended;
    const last = JSON.parse(child.lines.at(-1) ?? '{}') as Document;
    return { exit, code: last.event === 'error' ? last.code : undefined };
  }
}
