/**
 * Reads the drawing in docs/architecture.md, "Arrows": which part may import which, and which parts are pure.
 *
 * A line is `FROM ──▶ TO, TO` or, in the second block, `KIND: PART, PART`. `a/{b,c/{d,e}}` stands for `a/b`,
 * `a/c/d` and `a/c/e`. A part is a folder with everything in it, a file without its extension, or both. With
 * its extension it is only the file. Text after two spaces is a remark.
 */
import { readFileSync } from 'node:fs';

export interface Drawing {
  /** What each part may import besides itself. */
  readonly arrows: ReadonlyMap<string, readonly string[]>;
  /** By kind: `decides`, `storage`, `world`. */
  readonly kinds: ReadonlyMap<string, readonly string[]>;
}

export function readDrawing(): Drawing {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  const [, section = ''] = text.split(/^## Arrows.*$/m);
  const blocks = [...section.split(/^## /m)[0]!.matchAll(/^```\n(.*?)^```$/gms)].map(([, block]) => block!);
  const arrows = new Map<string, string[]>();
  const kinds = new Map<string, string[]>();
  for (const line of blocks.join('').split('\n')) {
    const [drawn = ''] = line.trim().split(/\s{2,}(?!──▶|\S+ ──▶)/);
    if (drawn === '') continue;
    const [from, to, ...more] = drawn.split(/\s*──▶\s*/);
    const [, kind, parts] = /^(\w+):\s*(.*)$/.exec(drawn) ?? [];
    if (kind !== undefined) add(kinds, kind, namesIn(parts!));
    else if (to !== undefined && more.length === 0)
      for (const part of namesIn(from!)) add(arrows, part, namesIn(to));
    else throw new Error(`docs/architecture.md, "Arrows": what is “${line}”?`);
  }
  return { arrows, kinds };
}

/** Whether a file belongs to this part. Its path starts at the root of the repository. */
export function isIn(path: string, part: string): boolean {
  return path === part || path === `${part}.ts` || path.startsWith(`${part}/`);
}

function add(to: Map<string, string[]>, name: string, parts: readonly string[]): void {
  to.set(name, [...(to.get(name) ?? []), ...parts]);
}

/** `a/{b,c}, d` → `a/b`, `a/c`, `d`. */
function namesIn(text: string): string[] {
  return split(text).flatMap((name) => {
    const open = name.indexOf('{');
    if (open < 0) return [name];
    if (!name.endsWith('}'))
      throw new Error(`docs/architecture.md, "Arrows": “${name}” ends after its braces`);
    return namesIn(name.slice(open + 1, -1)).map((inner) => `${name.slice(0, open)}${inner}`);
  });
}

/** Splits at commas outside braces. */
function split(text: string): string[] {
  const names: string[] = [];
  let depth = 0;
  let name = '';
  for (const char of text) {
    if (char === '{') depth++;
    if (char === '}') depth--;
    if (char === ',' && depth === 0) {
      names.push(name);
      name = '';
    } else name += char;
  }
  return [...names, name].map((one) => one.trim()).filter((one) => one !== '');
}
