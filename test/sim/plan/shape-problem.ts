/**
 * Finds what is wrong with the shape of a value, where, and which words are valid there. The schema library
 * only says that no member of a union matches. This file judges the member that the author meant: a text
 * against the texts, an object against the object, a list against the list.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import Value from 'typebox/value';
import { nearestOf } from './nearest-word.ts';

export interface ShapeProblem {
  /** Like `peers[2].link.latencyMs`; empty for the value itself. */
  readonly path: string;
  readonly problem: string;
}

/** The part of JSON Schema that plan schemas use. */
interface Shape {
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Shape;
  /** A text for people, where the rule itself is a pattern. */
  readonly description?: string;
}

/** The first problem, in the order of the value. Undefined: the value has this shape. */
export function shapeProblem(schema: TSchema, value: unknown): ShapeProblem | undefined {
  return hasShape(schema, value) ? undefined : problemOf(schema as Shape, value, '');
}

/** Every drawn plan is checked, so each schema is compiled once. */
function hasShape(schema: TSchema, value: unknown): boolean {
  let compiled = functions.get(schema);
  if (compiled === undefined) functions.set(schema, (compiled = Compile(schema)));
  return compiled.Check(value);
}

const functions = new WeakMap<TSchema, { Check(value: unknown): boolean }>();

function problemOf(shape: Shape, value: unknown, path: string): ShapeProblem {
  if (shape.anyOf !== undefined) return ofUnion(shape.anyOf, value, path);
  if (shape.enum !== undefined) return { path, problem: isNoneOf(value, shape.enum) };
  if (shape.properties !== undefined && kindOf(value) === 'object')
    return ofObject(shape, value as Readonly<Record<string, unknown>>, path);
  if (shape.items !== undefined && Array.isArray(value)) {
    const { items } = shape;
    const at = value.findIndex((item) => !fits(items, item));
    if (at >= 0) return problemOf(items, value[at], `${path}[${at}]`);
  }
  const [error] = Value.Errors(shape as TSchema, value);
  const rule = shape.description ?? error?.message ?? 'must be understood';
  return {
    path,
    problem: `${shape.description === undefined ? rule : `must be ${rule}`}, and is ${show(value)}`,
  };
}

function ofUnion(alternatives: readonly Shape[], value: unknown, path: string): ShapeProblem {
  const kind = kindOf(value);
  const meant = alternatives.filter((alternative) => kindOfShape(alternative) === kind);
  if (meant.length === 1 && kind !== 'string') return problemOf(meant[0]!, value, path);
  const keys = meant.flatMap(({ properties = {} }) => Object.keys(properties));
  const unknown =
    kind === 'object' ? Object.keys(value as object).find((key) => !keys.includes(key)) : undefined;
  if (unknown !== undefined) return { path, problem: `there is no "${unknown}"${instead(unknown, keys)}` };
  const words = alternatives.flatMap(({ enum: texts = [] }) => texts);
  const others = alternatives.filter((alternative) => kindOfShape(alternative) !== 'string').map(described);
  const said = words.length === 0 ? `${show(value)} is not one of these` : isNoneOf(value, words);
  return { path, problem: [said, ...others].join('; or ') };
}

function ofObject(
  { properties = {}, required = [], additionalProperties }: Shape,
  value: Readonly<Record<string, unknown>>,
  path: string,
): ShapeProblem {
  const inside = (key: string) => (path === '' ? key : `${path}.${key}`);
  const known = Object.keys(properties);
  const unknown = Object.keys(value).find((key) => !Object.hasOwn(properties, key));
  if (additionalProperties === false && unknown !== undefined)
    return { path, problem: `there is no "${unknown}"${instead(unknown, known)}` };
  const missing = required.filter((key) => !Object.hasOwn(value, key));
  if (missing.length > 0)
    return { path, problem: `${quoteAll(missing)} ${missing.length === 1 ? 'is' : 'are'} missing` };
  const wrong = known.find((key) => Object.hasOwn(value, key) && !fits(properties[key]!, value[key]));
  // The shape is wrong, so one of these three has a problem. Other rules get the message of the library.
  return wrong === undefined
    ? { path, problem: `${show(value)} is not understood` }
    : problemOf(properties[wrong]!, value[wrong], inside(wrong));
}

function isNoneOf(value: unknown, words: readonly string[]): string {
  const nearest = typeof value === 'string' ? nearestOf(value, words) : undefined;
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return `${show(value)} is none of ${quoteAll(words)}${hint}`;
}

/** The known words in place of an unknown one, the nearest first if there is one. */
function instead(unknown: string, known: readonly string[]): string {
  const nearest = nearestOf(unknown, known);
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  return `${hint}; there ${known.length === 1 ? 'is' : 'are'} ${quoteAll(known)}`;
}

function described({ properties, items }: Shape): string {
  if (properties !== undefined) return `an object with ${quoteAll(Object.keys(properties))}`;
  return items === undefined ? 'a value of another kind' : `a list of ${items.type ?? 'value'}s`;
}

function fits(shape: Shape, value: unknown): boolean {
  return Value.Check(shape as TSchema, value);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function kindOfShape({ type, enum: texts }: Shape): string {
  return texts !== undefined ? 'string' : type === 'integer' ? 'number' : (type ?? 'any');
}

export function quoteAll(texts: readonly unknown[]): string {
  return texts.map((text) => JSON.stringify(text)).join(', ');
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
