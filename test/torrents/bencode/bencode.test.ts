import bencode from 'bencode';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BencodeError, decode, localLimits, scan, scanPrefix } from '../../../torrents/bencode/bencode.ts';
import { type BEncodable, encode, Lazy } from '../../../torrents/bencode/bencode-encode.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');
const codeOf = (text: string, limits = localLimits): string => {
  try {
    scan(bytes(text), limits);
  } catch (error) {
    if (error instanceof BencodeError) return error.code;
    throw error;
  }
  return 'accepted';
};

describe('scan', () => {
  test.each([
    ['', 'bencode-empty'],
    ['l-3:e', 'bencode-not-a-value'],
    ['5:abc', 'bencode-truncated'],
    ['99999999999:', 'bencode-truncated'],
    ['1', 'bencode-truncated'],
    ['i12', 'bencode-truncated'],
    ['i', 'bencode-truncated'],
    ['d1:a', 'bencode-truncated'],
    ['li1e', 'bencode-truncated'],
    ['01:a', 'bencode-bad-length'],
    ['1x:a', 'bencode-bad-length'],
    ['i12.3e', 'bencode-bad-integer'],
    ['i007e', 'bencode-bad-integer'],
    ['i-0e', 'bencode-bad-integer'],
    ['i-07e', 'bencode-bad-integer'],
    ['ie', 'bencode-bad-integer'],
    ['i-e', 'bencode-bad-integer'],
    ['i+1e', 'bencode-bad-integer'],
    ['i 1e', 'bencode-bad-integer'],
    ['i9007199254740992e', 'accepted'],
    ['i-9007199254740992e', 'accepted'],
    ['i99999999999999999999999999e', 'accepted'],
    ['di1e1:ae', 'bencode-key-not-string'],
    ['dlee', 'bencode-key-not-string'],
    ['d1:ae', 'bencode-value-missing'],
    ['i1ex', 'bencode-trailing-bytes'],
    ['e', 'bencode-not-a-value'],
    ['x', 'bencode-not-a-value'],
    ['i9007199254740991e', 'accepted'],
    ['i-9007199254740991e', 'accepted'],
    ['0:', 'accepted'],
    ['de', 'accepted'],
    ['le', 'accepted'],
  ])('scanning %s gives %s', (text, code) => expect(codeOf(text)).toBe(code));

  test('a value may be nested 100 levels deep, and no deeper', () => {
    expect(codeOf('l'.repeat(100) + 'e'.repeat(100))).toBe('accepted');
    expect(codeOf('l'.repeat(101) + 'e'.repeat(101))).toBe('bencode-too-deep');
    expect(codeOf('d1:a'.repeat(1_000_000))).toBe('bencode-too-deep');
  });

  test('every value and every key counts towards the limit of tokens', () => {
    const limits = { ...localLimits, tokensMax: 4 };
    expect(codeOf('d1:ali1eee', limits)).toBe('accepted');
    expect(codeOf('d1:ali1ei1eee', limits)).toBe('bencode-too-many-tokens');
  });

  test('input above the limit of bytes is refused before it is parsed', () => {
    expect(codeOf('4:abcd', { ...localLimits, bytesMax: 5 })).toBe('bencode-too-large');
  });

  test('an error gives the offset of the fault', () => {
    expect(() => scan(bytes('d1:ai1e1:bi-0ee'))).toThrow(/at byte 10/);
  });

  test('every value has the byte range that it was parsed from', () => {
    const root = scan(bytes('d4:infod1:bi7e1:ale1:x0:e1:zli1e2:hiee'));
    expect(Buffer.from(root.get('info')!.raw).toString()).toBe('d1:bi7e1:ale1:x0:e');
    expect([...root.get('z')!.items()].map((item) => Buffer.from(item.raw).toString())).toEqual([
      'i1e',
      '2:hi',
    ]);
    expect([root.get('info')!.start, root.get('info')!.end]).toEqual([7, 25]);
  });

  test('dictionary keys are exact bytes, in the order of the input', () => {
    const root = scan(Buffer.from([0x64, 0x32, 0x3a, 0xff, 0x00, 0x69, 0x31, 0x65, 0x65]));
    expect([...root.entries()].map(([key, value]) => [[...key], value.integer])).toEqual([[[0xff, 0x00], 1]]);
  });

  test.each([
    ['d1:ai1e1:bi2ee', 'sorted'],
    ['d1:bi1e1:ai2ee', 'unsorted'],
    ['d1:ai1e1:ai2ee', 'duplicate'],
    ['d1:bi1e1:ai1e1:ai2ee', 'duplicate'],
    ['d1:ai1e1:ai1e0:i2ee', 'duplicate'],
    ['d2:aai1e1:ai2ee', 'unsorted'],
  ])('the key order of %s is %s', (text, order) => expect(scan(bytes(text)).keyOrder).toBe(order));

  test('the key order of an inner dictionary does not affect the outer one', () => {
    const root = scan(bytes('d1:ad1:zi1e1:yi1ee1:bdee'));
    expect([root.keyOrder, root.get('a')!.keyOrder, root.get('b')!.keyOrder]).toEqual([
      'sorted',
      'unsorted',
      'sorted',
    ]);
  });

  test('the first of two equal keys counts', () =>
    expect(scan(bytes('d1:ai1e1:ai2ee')).get('a')!.integer).toBe(1));

  test('an accessor for another type of value returns undefined', () => {
    const root = scan(bytes('d1:ai-5e1:b2:\xff\xfe1:c2:hie'));
    expect(root.get('a')!.bytes).toBeUndefined();
    expect(root.get('a')!.integer).toBe(-5);
    expect(root.get('b')!.text).toBeUndefined();
    expect([...root.get('b')!.bytes!]).toEqual([0xff, 0xfe]);
    expect(root.get('c')!.text).toBe('hi');
    expect(root.get('c')!.get('x')).toBeUndefined();
    expect([...root.items(), ...root.get('c')!.entries()]).toEqual([]);
    expect(root.get('nothing')).toBeUndefined();
    expect([root.kind, root.get('a')!.kind, root.get('b')!.kind, scan(bytes('le')).kind]).toEqual([
      'dict',
      'integer',
      'bytes',
      'list',
    ]);
  });

  test('scanPrefix tells where the rest of the input begins', () => {
    expect(scanPrefix(bytes('d8:msg_typei1eePIECE')).end).toBe(15);
  });

  test('any bytes give a value or a BencodeError', () => {
    const alphabet = fc.constantFrom(...'ilde0123456789:-.x\xff').map((char) => char.charCodeAt(0));
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 40 }), (soup) => {
        try {
          expect(scan(Uint8Array.from(soup)).end).toBe(soup.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BencodeError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('decode', () => {
  test('decode returns plain values', () => {
    expect(decode(bytes('d8:intervali1800e5:peers0:e'))).toEqual({ interval: 1800, peers: new Uint8Array() });
  });

  test.each(['d9:__proto__d1:ai1eee', 'd1:\xffi1ee', 'd1:ai1e1:ai2ee', 'ld1:bi1e1:ai1eee'])(
    'decode refuses %j',
    (text) => {
      expect(() => decode(bytes(text))).toThrow(/cannot hold/);
    },
  );

  test('decode refuses input that makes the bencode package loop endlessly', () =>
    expect(() => decode(bytes('l-3:e'))).toThrow(BencodeError));
});

/**
 * Values that both the bencode package and Cicada can write. The package sorts keys by UTF-16 units, which
 * equals the order of bytes below U+D800.
 */
const { plain } = fc.letrec<{ plain: BEncodable }>((tie) => ({
  plain: fc.oneof(
    { maxDepth: 4 },
    fc.maxSafeInteger().map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(tie('plain'), { maxLength: 4 }),
    fc
      .dictionary(fc.stringMatching(/^[ -~é中]{0,6}$/), tie('plain'), { maxKeys: 4 })
      .filter((d) => !('__proto__' in d)),
  ),
}));

describe('encode', () => {
  test('encode writes the same bytes as the bencode package, and decode reads them back', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const ours = encode(value);
        expect(Buffer.from(ours)).toEqual(Buffer.from(bencode.encode(value)));
        expect(scan(ours).end).toBe(ours.length);
        const back = decode(ours);
        expect(Buffer.from(encode(back as BEncodable))).toEqual(Buffer.from(ours));
      }),
      { numRuns: 500 },
    );
  });

  test('encode sorts keys by their bytes, not by UTF-16 units', () => {
    const value = encode({ '\u{1F600}': 1, '\uFF01': 2 });
    expect([...scan(value).entries()].map(([, entry]) => entry.integer)).toEqual([2, 1]);
    expect(scan(value).keyOrder).toBe('sorted');
  });

  test('encode keeps keys that are not UTF-8', () => {
    const key = Uint8Array.of(0xff, 0xfe, 0x00);
    const [[back] = []] = [...scan(encode(new Map([[key, 1]]))).entries()];
    expect([...back!]).toEqual([...key]);
  });

  test('encode writes a scanned value byte for byte, even with keys out of order', () => {
    const info = scan(bytes('d1:bi1e1:ai2ee'));
    expect(Buffer.from(encode({ info })).toString()).toBe('d4:infod1:bi1e1:ai2eee');
  });

  test('lazily made values encode to the same bytes as plain ones, and their keys must be in order', () => {
    const dict = (...keys: string[]) => Lazy.dict(keys.map((key) => [key, 1] as const));
    expect(encode(Lazy.list([1, dict('a', 'b')]))).toEqual(encode([1, { a: 1, b: 1 }]));
    expect(() => encode(dict('b', 'a'))).toThrow(RangeError);
    expect(() => encode(dict('a', 'a'))).toThrow(RangeError);
  });

  test('encode skips undefined values, and refuses values that bencode cannot represent', () => {
    expect(Buffer.from(encode({ a: undefined, b: 1 })).toString()).toBe('d1:bi1ee');
    expect(Buffer.from(encode(-0)).toString()).toBe('i0e');
    expect(() => encode(1.5)).toThrow(RangeError);
    expect(() => encode(2 ** 53)).toThrow(RangeError);
    expect(() => encode('\uD800')).toThrow(RangeError);
    expect(() =>
      encode(
        new Map<string | Uint8Array, number>([
          ['a', 1],
          [bytes('a'), 2],
        ]),
      ),
    ).toThrow(/twice/);
  });
});
