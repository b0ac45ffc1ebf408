/**
 * Reads the names in a torrent as components of paths. Cleans up what is unambiguous: a slash separates
 * folders, empty parts and `.` are dropped, and bytes that are not UTF-8 are read in the encoding that the
 * torrent declares.
 *
 * Invariant: the components returned follow the rules of path-rules.ts. The rules are checked after the
 * cleaning, so that no form of a name avoids them.
 * Left to others: the names that the components get on disk (file-layout.ts).
 */
import { isUtf8 } from 'node:buffer';
import type { BValue } from '../bencode/bencode.ts';
import { componentFault } from '../paths/path-rules.ts';
import { MetainfoError, type Warnings } from './metainfo-fields.ts';

/** Nested folders. The same limit as libtorrent's. */
export const pathDepthMax = 100;

export interface NamedPath {
  readonly components: readonly string[];
  /** The bytes of each component as on the author's disk, if one of them is not UTF-8 of `components`. */
  readonly raw?: readonly Uint8Array[] | undefined;
}

type Decoder = InstanceType<typeof TextDecoder>;

const slash = 0x2f;
const dot = 0x2e;
const lossyUtf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class NameReader {
  readonly #declared: Decoder | undefined;
  readonly #warnings: Warnings;

  constructor(declared: Decoder | undefined, warnings: Warnings) {
    this.#declared = declared;
    this.#warnings = warnings;
  }

  /** The torrent's name. An empty name has no components. `name.utf-8` wins if it is valid text. */
  top(info: BValue): NamedPath {
    const utf8 = info.get('name.utf-8');
    const plain = info.get('name');
    const text = utf8 !== undefined && isText(utf8) ? utf8.bytes : undefined;
    if (text !== undefined) {
      const named = this.#path([text], 'the name');
      if (named.components.length > 0) return this.#withRaw(named, plain === undefined ? [] : [plain]);
    }
    if (utf8 !== undefined && plain !== undefined) this.#warnOfStray('name.utf-8');
    const bytes = (plain ?? utf8)?.bytes;
    if (bytes === undefined) throw new MetainfoError('metainfo-path', 'the name is not a byte string');
    return this.#path([bytes], 'the name');
  }

  /** The path of a file in the list of BEP 3. `path.utf-8` wins if all its parts are valid text. */
  listed(item: BValue, where: string): NamedPath {
    const utf8 = item.get('path.utf-8');
    const plain = item.get('path');
    if (utf8 !== undefined) {
      const parts = [...utf8.items()];
      const named = parts.every(isText) ? this.#path(partsOf(parts, where), where) : undefined;
      if (named !== undefined && named.components.length > 0)
        return this.#withRaw(named, [...(plain?.items() ?? [])]);
      if (plain !== undefined) this.#warnOfStray('path.utf-8');
    }
    const named = this.#path(partsOf((plain ?? utf8)?.items() ?? [], where), where);
    if (named.components.length === 0) throw new MetainfoError('metainfo-path', `${where} has no path`);
    return named;
  }

  /** A key of the file tree of BEP 52. An empty key is not a name there, and is refused. */
  key(bytes: Uint8Array, where: string): NamedPath {
    if (bytes.length === 0) throw new MetainfoError('path-empty', `${where}: a part of a path is empty`);
    return this.#path([bytes], where);
  }

  #path(parts: readonly Uint8Array[], where: string): NamedPath {
    const components: string[] = [];
    const raw: Uint8Array[] = [];
    let isRaw = false;
    for (const bytes of parts.flatMap((part) => this.#split(part))) {
      if (components.length === pathDepthMax) {
        throw new MetainfoError(
          'metainfo-path-depth',
          `${where} lies more than ${pathDepthMax} folders deep`,
        );
      }
      const component = this.#text(bytes);
      const fault = componentFault(component);
      if (fault !== undefined) throw new MetainfoError(fault.code, `${where}: ${fault.message}`);
      components.push(component);
      raw.push(bytes);
      isRaw ||= !isUtf8(bytes);
    }
    return isRaw ? { components, raw } : { components };
  }

  /**
   * Splits at slashes, and drops empty parts and dots. In all supported encodings a slash byte is a slash.
   */
  #split(bytes: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (let end = bytes.indexOf(slash); end >= 0; end = bytes.indexOf(slash, start)) {
      parts.push(bytes.subarray(start, end));
      start = end + 1;
    }
    parts.push(bytes.subarray(start));
    const kept = parts.filter(({ length, 0: first }) => length > 1 || (length === 1 && first !== dot));
    if (kept.length > 1) this.#warnings.add('path-slash', 'some names hold a slash: it separates folders');
    if (kept.length < parts.length)
      this.#warnings.add(
        'path-parts-empty',
        'some paths have parts that are empty or a dot: they are left out',
      );
    return kept;
  }

  #text(bytes: Uint8Array): string {
    const text = lossyUtf8.decode(bytes);
    const declared = this.#declared;
    if (declared !== undefined && !isCertainlyUtf8(bytes, declared)) {
      const decoded = declared.decode(bytes);
      this.#warnings.add('name-encoding', `names are read as ${declared.encoding}, as the torrent says`);
      if (decoded.includes('\uFFFD')) this.#warnOfUnreadable();
      return decoded;
    }
    if (text.includes('\uFFFD') && Buffer.byteLength(text) !== bytes.length) this.#warnOfUnreadable();
    return text;
  }

  /**
   * `plain`: the same path under its older key. Its bytes are kept if they are not UTF-8, as on the author's
   * disk.
   */
  #withRaw(named: NamedPath, plain: readonly BValue[]): NamedPath {
    const raw = plain.flatMap(({ bytes }) => (bytes === undefined ? [] : this.#split(bytes)));
    return raw.length === named.components.length && raw.some((bytes) => !isUtf8(bytes))
      ? { components: named.components, raw }
      : named;
  }

  #warnOfStray(key: string): void {
    this.#warnings.add('utf8-stray', `\`${key}\` is not what it should be: it is passed over`);
  }

  #warnOfUnreadable(): void {
    this.#warnings.add(
      'name-not-utf8',
      'some names are not UTF-8: what could not be read is shown as \uFFFD',
    );
  }
}

function isText({ bytes }: BValue): boolean {
  return bytes !== undefined && isUtf8(bytes);
}

function partsOf(parts: Iterable<BValue>, where: string): Uint8Array[] {
  return Array.from(parts, ({ bytes }) => {
    if (bytes === undefined) throw new MetainfoError('metainfo-path', `${where} is not a byte string`);
    return bytes;
  });
}

/**
 * Some programs declare one encoding and write another. Text that is valid UTF-8 is taken for UTF-8, because
 * text in another encoding is hardly ever valid UTF-8 by chance. The exception are encodings of two bytes per
 * character: text of two-byte characters may be valid in both.
 */
function isCertainlyUtf8(bytes: Uint8Array, declared: Decoder): boolean {
  if (!isUtf8(bytes)) return false;
  const isTwoBytes = bytes.every((byte) => byte < 0xe0) && bytes.some((byte) => byte >= 0x80);
  if (!isTwoBytes || !twoByteEncodings.has(declared.encoding)) return true;
  return declared.decode(bytes).includes('\uFFFD');
}

const twoByteEncodings: ReadonlySet<string> = new Set([
  'gbk',
  'gb18030',
  'big5',
  'euc-kr',
  'euc-jp',
  'shift_jis',
]);

/**
 * Code pages with other names than `windows-…`. Programs for Windows write the number instead of a name.
 */
const codePages: Readonly<Record<number, string>> = {
  ...{ 866: 'ibm866', 932: 'shift_jis', 936: 'gbk', 949: 'euc-kr', 950: 'big5', 20866: 'koi8-r' },
  ...{ 21866: 'koi8-u', 51932: 'euc-jp', 51949: 'euc-kr', 54936: 'gb18030', 65001: 'utf-8' },
};

/**
 * The encoding that a torrent declares for its names: `encoding`, or BitComet's `codepage`. Undefined: UTF-8,
 * or an unsupported encoding. Encodings in which ASCII has other bytes (UTF-16, ISO-2022-JP) are unsupported:
 * they are not in use, and could hide a slash.
 */
export function declaredEncoding(root: BValue): Decoder | undefined {
  const page = root.get('codepage')?.integer;
  const ofPage = page === undefined ? undefined : (codePages[page] ?? `windows-${page}`);
  for (const label of [root.get('encoding')?.text, ofPage]) {
    const decoder = label === undefined ? undefined : decoderOf(label);
    if (decoder !== undefined && !/^(utf-|iso-2022|replacement|x-user)/.test(decoder.encoding))
      return decoder;
  }
  return undefined;
}

function decoderOf(label: string): Decoder | undefined {
  // `cp936`, `CP-1251`, `GB 2312`: the Encoding Standard has no labels of these forms.
  const name = label.trim().toLowerCase();
  const page = /^(?:cp|windows|ms)[-_ ]?(\d{3,5})$/.exec(name)?.[1];
  const known =
    page === undefined ? name.replaceAll(/[ _](?=\d)/g, '') : (codePages[Number(page)] ?? `windows-${page}`);
  try {
    return new TextDecoder(known);
  } catch {
    return undefined;
  }
}
