/** Plan files: read and checked, and written in a layout that people can read and diff. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { SwarmPlan } from '../plan/schema.ts';
import { validatePlan } from '../plan/validate.ts';

/** A plan of five thousand peers described one by one has a few MB; a larger file is refused. */
const planBytesMax = 64 * 1024 * 1024;

class PlanFileError extends Error {
  override readonly name = 'PlanFileError';
  readonly code = 'plan-file-unreadable';
}

/** Throws a PlanFileError, or a PlanError when the content is no valid plan. */
export function readPlan(file: string): SwarmPlan {
  return validatePlan(parse(file));
}

function parse(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8');
    if (text.length > planBytesMax) throw new Error(`it has ${text.length} characters`);
    return parseJson(text);
  } catch (cause) {
    throw new PlanFileError(`${file} is no plan: ${(cause as Error).message}`, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const message = (cause as Error).message.replaceAll(/\s+/g, ' ');
    throw new SyntaxError(`line ${wrongLine(text)}: ${message}`, { cause });
  }
}

/**
 * The JSON parser does not always give a position, so a search finds the first line that causes a syntax
 * error.
 */
function wrongLine(text: string): number {
  const lines = text.split('\n');
  let [good, bad] = [0, lines.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (breaksWithin(lines.slice(0, middle).join('\n'))) bad = middle;
    else good = middle;
  }
  return bad;
}

/** True if the text has a syntax error other than its early end. */
function breaksWithin(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    const { message } = error as Error;
    const position = /at position (\d+)/.exec(message)?.[1];
    return position === undefined ? !message.includes('end of JSON') : Number(position) < text.length;
  }
}

export function writePlan(file: string, plan: SwarmPlan): void {
  writeFileSync(file, planText(plan));
}

/** Small objects and lists are written on one line. */
export function planText(plan: SwarmPlan): string {
  return `${layOut(plan, '')}\n`;
}

const lineCharsMax = 100;

function layOut(value: unknown, indent: string): string {
  const flat = flatText(value);
  if (indent.length + flat.length <= lineCharsMax && indent !== '') return flat;
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return `[\n${value.map((item) => inner + layOut(item, inner)).join(',\n')}\n${indent}]`;
  if (typeof value !== 'object' || value === null) return flat;
  const lines = Object.entries(value).map(
    ([key, item]) => `${inner}${JSON.stringify(key)}: ${layOut(item, inner)}`,
  );
  return `{\n${lines.join(',\n')}\n${indent}}`;
}

function flatText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flatText).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  if (entries.length === 0) return '{}';
  return `{ ${entries.map(([key, item]) => `${JSON.stringify(key)}: ${flatText(item)}`).join(', ')} }`;
}
