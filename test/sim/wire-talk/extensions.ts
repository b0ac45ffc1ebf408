/**
 * Messages of the extension protocol, encoded once more from the BEPs: the extension handshake and the
 * metadata exchange. BEP 9, 10, 21
 */
import {
  encodeExtensionHandshake,
  parseExtensionHandshake,
} from '../../../client/engine/connection/extension-handshake.ts';
import { ExtensionMessages } from '../../../client/engine/connection/extension-messages.ts';
import {
  encodeMetadataBlock,
  encodeMetadataReject,
  encodeMetadataRequest,
  metadataBlockCount,
  parseMetadataMessage,
} from '../../../client/engine/connection/metadata-exchange.ts';
import type { PeerSession } from '../../../client/engine/connection/peer-session.ts';
import type { Context } from '../../../client/engine/context.ts';
import type { Prng } from '../../../client/engine/prng.ts';
import {
  bytes,
  dict,
  type Entry,
  int,
  list,
  oddValue,
  oneOf,
  spoil,
  tamper,
  textOf,
  toBytes,
  toText,
  utf8,
} from '../hostile-bytes/odd-bytes.ts';
import { drawMany } from './words.ts';

/** Extensions that other clients list. */
const others = ['lt_donthave', 'upload_only', 'ut_holepunch', 'ut_pex', 'share_mode'];
const nameMax = 64;
const metadataBlock = 16 * 1024;

/** Values around the limits of what is valid. */
const reqqs = [0, -1, 1, 2, 250, 2_000, 1_000_000, 1_000_001];
const ports = [0, -1, 1, 6_881, 65_535, 65_536];
const sizes = [0, -1, 1, 50_000, 2 ** 31, 2 ** 40, 2 ** 53 - 1];
const ids = [0, -1, 1, 3, 127, 128, 255, 256];
/** A client name and how it is shown. */
const names: readonly (readonly [said: string, shown: string | undefined])[] = [
  ['Cicada 0.1.0', 'Cicada 0.1.0'],
  ['', undefined],
  ['\x00\x1b\x7f\x9f', undefined],
  ['\x1f ~\x7f', ' ~'],
  ['µTorrent 3.5 ÿ', 'µTorrent 3.5 ÿ'],
  ['a\u202eb\ud7ff', 'a\u202eb\ud7ff'],
  ['中'.repeat(nameMax), '中'.repeat(nameMax)],
  ['x'.repeat(nameMax + 1), 'x'.repeat(nameMax)],
  [`\n${'y'.repeat(nameMax + 9)}`, 'y'.repeat(nameMax)],
  ['a\ue000b\u{1f600}c', 'abc'],
];

interface Said {
  readonly entries: Entry[];
  readonly meant: object;
}

function drawSaid(random: Prng): Said {
  const number = (from: readonly number[]) => (random.below(4) === 0 ? undefined : oneOf(random, from));
  const within = (value: number | undefined, max: number) =>
    value !== undefined && value >= 1 && value <= max ? value : undefined;
  const [reqq, port, size, id] = [number(reqqs), number(ports), number(sizes), number(ids)];
  const name = random.below(4) === 0 ? undefined : oneOf(random, names);
  const uploadOnly = random.below(2) === 0 ? undefined : random.below(4) - 1;
  const listed: Entry[] = others.slice(0, random.below(others.length)).map((key, i) => [key, int(i + 2)]);
  if (id !== undefined) listed.push(['ut_metadata', int(id)]);
  listed.sort(([a], [b]) => (a < b ? -1 : 1));
  const entries: Entry[] = [
    ...(random.below(3) === 0 ? [['e', int(0)] as const] : []),
    ...(listed.length > 0 || random.below(2) === 0 ? [['m', dict(listed)] as const] : []),
    ...(size === undefined ? [] : [['metadata_size', int(size)] as const]),
    ...(port === undefined ? [] : [['p', int(port)] as const]),
    ...(reqq === undefined ? [] : [['reqq', int(reqq)] as const]),
    ...(uploadOnly === undefined ? [] : [['upload_only', int(uploadOnly)] as const]),
    // Ignored at this level.
    ...(random.below(4) === 0 ? [['ut_metadata', int(7)] as const] : []),
    ...(name === undefined ? [] : [['v', bytes(utf8(name[0]))] as const]),
    // Real handshakes have hundreds of bytes; longer ones are read, too.
    ...(random.below(4) === 0 ? [['zzz', bytes('z'.repeat(random.below(15_000)))] as const] : []),
  ];
  const meant = {
    ...{ reqq: within(reqq, 1_000_000), client: name?.[1], port: within(port, 65_535) },
    ...{ uploadOnly: uploadOnly === 1, metadataBytes: within(size, Number.MAX_SAFE_INTEGER) },
    utMetadataId: within(id, 255),
  };
  return { entries, meant };
}

const show = (value: object | undefined) => (value === undefined ? 'nothing' : textOf(value));

/** Checks the parsing of extension handshakes. */
export function judgeIntroductions(random: Prng): string | undefined {
  const { entries, meant } = drawSaid(random);
  const text = dict(entries);
  const heard = parseExtensionHandshake(toBytes(text));
  if (show(heard) !== show(meant)) return `takes ${text.slice(0, 200)} for ${show(heard)}`;
  if (show(parseExtensionHandshake(toBytes(`${text}e`))) !== show(meant))
    return 'hears something else when bytes lie behind an introduction';
  const odd = random.below(2) === 0 ? spoil(text, random) : dict(tamper(entries, random));
  const believed = parseExtensionHandshake(toBytes(odd));
  if (believed !== undefined && !isSane(believed))
    return `believes ${show(believed)} of ${odd.slice(0, 200)}`;
  const [isDict, value] = [random.below(4) === 0, oddValue(random)];
  const plain = isDict ? dict([]) : value;
  if (!plain.startsWith('d') && parseExtensionHandshake(toBytes(plain)) !== undefined)
    return `takes ${plain.slice(0, 40)} for an introduction`;
  return judgeOwn(random);
}

function isSane(said: NonNullable<ReturnType<typeof parseExtensionHandshake>>): boolean {
  const { reqq = 1, port = 1, metadataBytes = 1, utMetadataId = 1, client = 'x' } = said;
  return (
    [reqq, port, metadataBytes, utMetadataId].every((value) => Number.isSafeInteger(value) && value >= 1) &&
    reqq <= 1_000_000 &&
    port <= 65_535 &&
    utMetadataId <= 255 &&
    client.length >= 1 &&
    client.length <= nameMax
  );
}

/** Checks the client's own extension handshake. */
function judgeOwn(random: Prng): string | undefined {
  const [reqq, port] = [1 + random.below(5_000), 1 + random.below(65_535)];
  const uploadOnly = random.below(2) === 0;
  const metadataBytes = random.below(2) === 0 ? undefined : 1 + random.below(100_000);
  const said = toText(
    encodeExtensionHandshake({ client: 'Cicada µ', reqq, port, uploadOnly, metadataBytes }),
  );
  const meant = dict([
    ['m', dict([['ut_metadata', int(1)]])],
    ...(metadataBytes === undefined ? [] : [['metadata_size', int(metadataBytes)] as const]),
    ['p', int(port)],
    ['reqq', int(reqq)],
    ...(uploadOnly ? [['upload_only', int(1)] as const] : []),
    ['v', bytes(utf8('Cicada µ'))],
  ]);
  return said === meant ? undefined : `introduces itself with ${said}, and meant ${meant}`;
}

/** A peer requests metadata again and again: checks every answer, and when the connection ends. */
export function judgeGiving(random: Prng): string | undefined {
  const info =
    random.below(6) === 0 ? undefined : drawMany(random, oneOf(random, [100, metadataBlock, 40_000]));
  const count = info === undefined ? 0 : metadataBlockCount(info.length);
  const [copies, windowBytes] = [1 + random.below(3), 1_000 * random.below(3)];
  const context = { limits: { uploadWindowBytes: windowBytes, metadataCopiesMax: copies } };
  const voice = new ExtensionMessages(info, context as unknown as Context);
  const theirId = random.below(8) === 0 ? undefined : 1 + random.below(255);
  const said: string[] = [];
  const session = {
    ...{ metadataBlocksSent: 0, extensions: { utMetadataId: theirId }, uploads: { pendingBytes: 0 } },
    sendExtended: (id: number, payload: Uint8Array) => void said.push(`${id} ${toText(payload)}`),
    sendMetadataBlock(id: number, payload: Uint8Array) {
      this.metadataBlocksSent += 1;
      this.sendExtended(id, payload);
    },
  };
  for (let given = 0, n = 0; n < 14; n++) {
    session.uploads.pendingBytes = random.below(3) > 0 ? 0 : 1_000 * random.below(3);
    const blockIndex = random.below(count + 1);
    const answer = voice.onMetadata(session as unknown as PeerSession, { type: 'request', blockIndex });
    const isGiven = blockIndex < count && session.uploads.pendingBytes < windowBytes && theirId !== undefined;
    if (isGiven) given += 1;
    const isEnd = given > copies * count;
    if (answer !== (isGiven && isEnd ? 'metadata-flood' : undefined))
      return `answers ${answer} to request ${n} for metadata, ${given} of ${copies * count} blocks given`;
    if (answer !== undefined) return undefined;
    const right = isGiven ? encodeMetadataBlock(info!, blockIndex) : encodeMetadataReject(blockIndex);
    const meant = theirId === undefined ? [] : [`${theirId} ${toText(right)}`];
    if (said.splice(0).join() !== meant.join())
      return `answers a request for block ${blockIndex} of ${count} wrongly`;
  }
  return undefined;
}

/** Checks metadata requests, blocks and rejects. */
export function judgeMetadata(random: Prng): string | undefined {
  const info = drawMany(random, oneOf(random, [1, 100, metadataBlock - 1, metadataBlock, 20_000, 40_000]));
  const count = Math.floor((info.length + metadataBlock - 1) / metadataBlock);
  if (metadataBlockCount(info.length) !== count)
    return `has ${count} blocks of ${info.length} bytes of metadata`;
  const block = random.below(count);
  const of = (type: number, piece: number) =>
    dict([
      ['msg_type', int(type)],
      ['piece', int(piece)],
    ]);
  const head = dict([
    ...[['msg_type', int(1)] as const, ['piece', int(block)] as const],
    ['total_size', int(info.length)],
  ]);
  const content = info.slice(block * metadataBlock, (block + 1) * metadataBlock);
  const given = head + toText(content);
  const piece = oneOf(random, [0, 1, 3, 255, 256, 70_000, 2 ** 31, 2 ** 32]);
  for (const [said, meant] of [
    [encodeMetadataRequest(piece), of(0, piece)],
    [encodeMetadataReject(piece), of(2, piece)],
    [encodeMetadataBlock(info, block), given],
  ] as const)
    if (toText(said) !== meant) return `says ${toText(said).slice(0, 100)}, and meant ${meant.slice(0, 100)}`;
  const data = { type: 'data', blockIndex: block, bytes: content };
  const heard: readonly (readonly [text: string, meant: object | string | undefined])[] = [
    [of(0, piece), { type: 'request', blockIndex: piece }],
    [of(2, piece), { type: 'reject', blockIndex: piece }],
    [given, data],
    // The size is optional here, and unknown keys are ignored.
    [
      dict([
        ['a', list([])],
        ['msg_type', int(1)],
        ['piece', int(block)],
      ]) + toText(content),
      data,
    ],
    [of(3 + random.below(300), 0), 'unknown-type'],
    [of(random.below(3), -1 - random.below(3)), undefined],
    [dict([['msg_type', int(random.below(3))]]), undefined],
    [dict([['piece', int(0)]]), undefined],
    [oneOf(random, ['', 'd', 'le', 'i1e', 'd1:ae', '1:x']), undefined],
  ];
  for (const [text, meant] of heard) {
    const message = parseMetadataMessage(toBytes(text));
    const [one, other] = [message, meant].map((it) => (typeof it === 'object' ? show(it) : it));
    if (one !== other) return `takes ${text.slice(0, 60)} for ${one?.slice(0, 60)}`;
  }
  return undefined;
}
