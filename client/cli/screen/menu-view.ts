/** The menu without its terminal: its lines, one per choice, and the meaning of keys. */
import { paint } from './output.ts';
import { padToWidth } from './text-width.ts';

interface ShownChoice {
  readonly key: string;
  readonly title: string;
  readonly what: string;
}

export function menuLines(choices: readonly ShownChoice[], at: number): string[] {
  const width = Math.max(...choices.map(({ title }) => title.length));
  const lines = choices.map(({ key, title, what }, index) => {
    const mark = index === at ? paint('green', '›') : ' ';
    const name = padToWidth(title, width);
    return ` ${mark} ${paint('bold', key)}  ${index === at ? paint('bold', name) : name}  ${paint('dim', what)}`.trimEnd();
  });
  return ['', ...lines, '', paint('dim', '   a key, or ↑ ↓ and Enter')];
}

/** What a key does to a menu with `at` marked: marks another choice, takes one, or leaves the menu. */
export function pressed(
  key: string,
  choices: readonly ShownChoice[],
  at: number,
): { readonly at: number } | { readonly taken: number } | 'leave' {
  const named = choices.findIndex((choice, index) => key === choice.key || key === String(index + 1));
  if (named >= 0) return { taken: named };
  switch (key) {
    case '\r':
    case '\n':
      return { taken: at };
    // Ctrl-C, Ctrl-D, and Escape alone.
    case '\x03':
    case '\x04':
    case '\x1b':
      return 'leave';
    case '\x1b[A':
    case 'k':
      return { at: (at + choices.length - 1) % choices.length };
    case '\x1b[B':
    case 'j':
      return { at: (at + 1) % choices.length };
    default:
      return { at };
  }
}
