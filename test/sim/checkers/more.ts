/** Checkers that compare a host with a model of its own, kept beside it. Each run has its own: some remember. */
import type { Checker } from './checker.ts';
import { trackersAnswerRight } from './tracker-answers.ts';
import { speaksByTheBook } from './wire/by-the-book.ts';

export const modelCheckers: readonly (() => Checker)[] = [speaksByTheBook, trackersAnswerRight];
