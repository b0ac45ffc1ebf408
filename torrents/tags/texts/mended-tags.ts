/**
 * Corrects misread texts in the tags of a release. A text that cannot be read is removed, so that a name
 * takes its place. Pure.
 */
import type { TaggedFile } from '../release-fields.ts';
import { mendTexts } from './old-encodings.ts';
import { readableText } from './tag-text.ts';

/** `name`: the name of the torrent. */
export function withMendedTexts(name: string, files: readonly TaggedFile[]): readonly TaggedFile[] {
  const texts = new Set(files.flatMap(({ tags }) => Object.values(tags?.doubtful ?? {})));
  if (texts.size === 0) return files;
  const names = [name, ...files.flatMap(({ components }) => components)];
  const mended = mendTexts(texts, names);
  return files.map((file) => {
    const { tags } = file;
    if (tags === undefined) return file;
    const fields = Object.entries(tags.doubtful).filter(([, text]) => mended.has(text));
    const right = Object.fromEntries(fields.map(([field, text]) => [field, readableText(mended.get(text))]));
    return { ...file, tags: { ...tags, ...right } };
  });
}
