/**
 * HTML that is safe against injection: an html`` template escapes every value, for element content and for
 * quoted attributes, unless the value is itself the result of a template.
 */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/** Undefined adds nothing; lists are joined. Attributes must stand in double quotes. */
export function html(parts: TemplateStringsArray, ...values: HtmlValue[]): Html {
  let text = parts[0]!;
  values.forEach((value, index) => {
    text += escaped(value) + parts[index + 1]!;
  });
  return new Html(text);
}

function escaped(value: HtmlValue): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'object') return value.map(escaped).join('');
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
