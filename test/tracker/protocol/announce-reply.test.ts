import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../torrents/bencode/bencode-encode.ts';
import {
  type AnnounceReply,
  encodeAnnounceReply,
  parseAnnounceReply,
  peersMax,
  replyEndpoints,
} from '../../../tracker/protocol/announce-reply.ts';
import { packEndpoints } from '../../../tracker/protocol/endpoint.ts';
import type { TrackerFailure } from '../../../tracker/protocol/reply.ts';

const port = fc.integer({ min: 1, max: 65535 });
const endpoints4 = fc.array(
  fc.record({
    host: fc.ipV4().filter((host) => Number.parseInt(host, 10) > 0 && Number.parseInt(host, 10) < 224),
    port,
  }),
);
const endpoints6 = fc.array(
  fc.record({
    host: fc.integer({ min: 1, max: 0xffff }).map((group) => `2001:db8::${group.toString(16)}`),
    port,
  }),
);
const seconds = fc.integer({ min: 10, max: 86_400 });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Without keys that have no value, as replies are built and parsed. */
const reply: fc.Arbitrary<AnnounceReply> = fc
  .record({
    intervalSeconds: seconds,
    minIntervalSeconds: optional(seconds),
    complete: optional(fc.nat()),
    incomplete: optional(fc.nat()),
    peers: endpoints4.map((list) => packEndpoints(list, 4)),
    peers6: endpoints6.map((list) => packEndpoints(list, 16)),
    externalAddress: optional(
      fc.oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      ),
    ),
    warning: optional(fc.constantFrom('the tracker moves on Sunday', 'déjà vu')),
  })
  .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))) as never;

function parsed(bytes: Uint8Array): AnnounceReply {
  const result = parseAnnounceReply(bytes);
  if ('code' in result || 'failureReason' in result) throw new Error(JSON.stringify(result));
  return result;
}

function codeOf(bytes: Uint8Array): string | undefined {
  const result = parseAnnounceReply(bytes);
  return 'code' in result ? result.code : undefined;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

describe('an announce reply', () => {
  it('a compact announce reply survives encoding and parsing', () => {
    fc.assert(
      fc.property(reply, (sent) => {
        expect(parsed(encodeAnnounceReply(sent, true))).toEqual(sent);
      }),
    );
  });

  it('an announce reply in the dictionary model lists both families in one list', () => {
    fc.assert(
      fc.property(reply, (sent) => {
        const bytes = encodeAnnounceReply(sent, false);
        expect(text(bytes)).not.toContain('6:peers6');
        expect(parsed(bytes)).toEqual(sent);
      }),
    );
  });

  it('the fast encoder of announce replies writes the same bytes as the general encoder', () => {
    fc.assert(
      fc.property(reply, ({ warning: _, ...sent }) => {
        const byHand = encodeAnnounceReply(sent, true);
        const general = encode({
          complete: sent.complete,
          'external ip': sent.externalAddress,
          incomplete: sent.incomplete,
          interval: sent.intervalSeconds,
          'min interval': sent.minIntervalSeconds,
          peers: sent.peers,
          peers6: sent.peers6.length > 0 ? sent.peers6 : undefined,
        });
        expect(text(byHand)).toBe(text(general));
      }),
    );
  });

  it('an announce reply has the keys of the BEPs', () => {
    const peers = packEndpoints([{ host: '1.2.3.4', port: 0x1a1b }], 4);
    const bytes = encodeAnnounceReply(
      {
        intervalSeconds: 900,
        minIntervalSeconds: 30,
        complete: 2,
        incomplete: 1,
        peers,
        peers6: new Uint8Array(0),
      },
      true,
    );
    expect(text(bytes)).toBe(
      'd8:completei2e10:incompletei1e8:intervali900e12:min intervali30e5:peers6:\x01\x02\x03\x04\x1a\x1be',
    );
  });

  it('an announce reply contains endpoints of both families', () => {
    const peers = packEndpoints([{ host: '1.2.3.4', port: 1 }], 4);
    const peers6 = packEndpoints([{ host: '2001:db8::1', port: 2 }], 16);
    expect(replyEndpoints({ intervalSeconds: 900, peers, peers6 })).toEqual([
      { host: '1.2.3.4', port: 1 },
      { host: '2001:db8::1', port: 2 },
    ]);
  });

  it('a parsed announce reply shares no memory with its bytes', () => {
    const bytes = encodeAnnounceReply(
      {
        intervalSeconds: 900,
        peers: Uint8Array.of(1, 2, 3, 4, 5, 6),
        peers6: new Uint8Array(0),
        externalAddress: Uint8Array.of(9, 9, 9, 9),
      },
      true,
    );
    const result = parsed(bytes);
    bytes.fill(0);
    expect(result.peers).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
    expect(result.externalAddress).toEqual(Uint8Array.of(9, 9, 9, 9));
  });
});

describe('a failure', () => {
  it.each<TrackerFailure>([
    { failureReason: 'this tracker does not serve that torrent' },
    { failureReason: 'overloaded', retryInMinutes: 5 },
    { failureReason: 'not a tracker', retryInMinutes: 'never' },
  ])('a failure survives encoding and parsing: %j', (failure) => {
    expect(parseAnnounceReply(encodeAnnounceReply(failure, true))).toEqual(failure);
  });

  it('the retry minutes of a failure may be text, as in the example of BEP 31', () => {
    const bytes = encode({ 'failure reason': 'no', 'retry in': '5' });
    expect(parseAnnounceReply(bytes)).toEqual({ failureReason: 'no', retryInMinutes: 5 });
  });

  it.each([0, -5, 'soon', ''])('a failure with the retry hint %j has no retry time', (hint) => {
    expect(parseAnnounceReply(encode({ 'failure reason': 'no', 'retry in': hint }))).toEqual({
      failureReason: 'no',
    });
  });

  it('the retry time of a failure is limited to a week, unless it is never', () => {
    expect(parseAnnounceReply(encode({ 'failure reason': 'no', 'retry in': 10 ** 9 }))).toEqual({
      failureReason: 'no',
      retryInMinutes: 10_080,
    });
  });

  it('a failure reason becomes one readable line of at most 300 characters, without control or bidirectional characters', () => {
    const reason = `\x1b[31mred\x1b[0m\r\nnext \u202Eevil\u2028 ${'x'.repeat(1000)}`;
    const result = parseAnnounceReply(encode({ 'failure reason': reason })) as TrackerFailure;
    expect(result.failureReason).toMatch(/^\[31mred \[0m next {1,2}evil {1,2}x+$/);
    expect(result.failureReason.length).toBeLessThanOrEqual(300);
  });
});

describe('a hostile reply', () => {
  const bytesOf = (value: string) => new Uint8Array(Buffer.from(value, 'latin1'));

  it('a reply that is a web page is reported as one, with its title', () => {
    const page = bytesOf('\r\n<!DOCTYPE html><html><head><title>\n Login\x07 </title>');
    expect(parseAnnounceReply(page)).toEqual({
      code: 'reply-web-page',
      message: 'the address answered with a web page (“Login”): there is no tracker at this URL',
    });
  });

  it.each([
    ['', 'reply-empty'],
    ['not found', 'reply-not-bencoded'],
    ['l-3:e', 'reply-not-bencoded'],
    ['d8:intervali900e5:peers6:abc', 'reply-not-bencoded'],
    ['d8:intervali1.5ee', 'reply-not-bencoded'],
    [`d5:peers${'l'.repeat(50)}${'e'.repeat(50)}e`, 'reply-not-bencoded'],
    ['i1e', 'reply-malformed'],
    ['le', 'reply-malformed'],
  ])('the invalid reply %j has the code %s', (bytes, code) => {
    expect(codeOf(bytesOf(bytes))).toBe(code);
  });

  it.each(['\r\n', '\0', '6:peers60:', 'd', '<!-- 12 ms -->'])(
    'a reply may have %j after its end',
    (rest) => {
      expect(parsed(bytesOf(`d8:intervali900e5:peers0:e${rest}`)).intervalSeconds).toBe(900);
    },
  );

  it('a reply may contain numbers above 2^53, and a count of that size is ignored', () => {
    const long = '99999999999999999999';
    const reply = parsed(bytesOf(`d3:agei${long}e8:completei${long}e8:intervali900e5:peers0:e`));
    expect(reply.intervalSeconds).toBe(900);
    expect(reply.complete).toBeUndefined();
    expect(parsed(bytesOf(`d8:intervali-${long}e5:peers0:e`)).intervalSeconds).toBe(1800);
  });

  it('a reply without a valid interval and peers is an empty reply', () => {
    const senseless = {
      interval: 'x',
      peers: 7,
      peers6: [],
      complete: -1,
      incomplete: 'y',
      'external ip': 'abc',
    };
    for (const bytes of [encode({}), encode(senseless)]) {
      expect(parsed(bytes)).toEqual({
        intervalSeconds: 1800,
        peers: new Uint8Array(0),
        peers6: new Uint8Array(0),
      });
    }
  });

  it.each([
    [-5, 10],
    [0, 10],
    [900, 900],
    [10 ** 12, 86_400],
  ])('an interval of %d s in a reply is taken as %d s', (interval, clamped) => {
    const result = parsed(encode({ interval, 'min interval': interval }));
    expect([result.intervalSeconds, result.minIntervalSeconds]).toEqual([clamped, clamped]);
  });

  it('a reply brings at most 2000 peers, compact or listed', () => {
    const packed = new Uint8Array(6 * 5000).fill(7);
    const packed6 = new Uint8Array(18 * 5000).fill(7);
    const listed = Array.from({ length: 5000 }, (_, at) => ({
      ip: `10.0.${at >> 8}.${at & 255}`,
      port: 1 + at,
    }));
    for (const fields of [{ peers: packed, peers6: packed6 }, { peers: listed }, { peers6: packed6 }]) {
      expect(replyEndpoints(parsed(encode(fields)))).toHaveLength(peersMax);
    }
  });

  it('a reply brings no peer that cannot be dialed, no host name and no truncated peer', () => {
    const packed = Uint8Array.of(
      0,
      0,
      0,
      0,
      1,
      1,
      1,
      1,
      1,
      1,
      0,
      0,
      239,
      1,
      1,
      1,
      1,
      1,
      8,
      8,
      8,
      8,
      0,
      53,
      9,
      9,
    );
    expect(replyEndpoints(parsed(encode({ peers: packed })))).toEqual([{ host: '8.8.8.8', port: 53 }]);
    const listed = [
      { ip: 'tracker.internal', port: 80 },
      { ip: '127.1', port: 80 },
      { ip: '1.2.3.4', port: 0 },
      { ip: '1.2.3.4', port: 65536 },
      { ip: '1.2.3.4', port: '80' },
      { ip: '::ffff:1.2.3.4', port: 81, 'peer id': 'x'.repeat(20) },
      'nobody',
    ];
    expect(replyEndpoints(parsed(encode({ peers: listed })))).toEqual([{ host: '1.2.3.4', port: 81 }]);
  });

  it('parsing a reply of any bytes never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void parseAnnounceReply(bytes)));
    fc.assert(
      fc.property(reply, fc.nat(), fc.nat(255), (sent, at, byte) => {
        const bytes = encodeAnnounceReply(sent, true);
        bytes[at % bytes.length] = byte;
        parseAnnounceReply(bytes);
      }),
    );
  });
});
