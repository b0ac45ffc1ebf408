/** A file that is picked instead of a torrent is reported with its kind. */
import { describe, expect, it } from 'vitest';
import { MetainfoError, parseMetainfo } from '../../../torrents/metainfo/metainfo.ts';
import { fileKind } from '../../../torrents/release/file-kinds.ts';

const bytes = (text: string) => new Uint8Array(Buffer.from(text.padEnd(40, '\0'), 'latin1'));

describe('a file that is no torrent', () => {
  it.each([
    ['ID3\x04', 'metainfo-music', 'MP3'],
    ['\xff\xfb\x90\x64', 'metainfo-music', 'MP3'],
    ['fLaC', 'metainfo-music', 'FLAC'],
    ['OggS', 'metainfo-music', 'Ogg'],
    ['RIFF\x10\x00\x0a\x00WAVEfmt ', 'metainfo-music', 'WAV'],
    ['\x00\x00\x00\x20ftypM4A ', 'metainfo-music', 'M4A'],
    ['FORM\x00\x00\x00\x20AIFF', 'metainfo-music', 'AIFF'],
    ['\xff\xd8\xff\xe0', 'metainfo-other-file', 'JPEG'],
    ['\x89PNG\r\n', 'metainfo-other-file', 'PNG'],
    ['%PDF-1.7', 'metainfo-other-file', 'PDF'],
    ['\x00\x00\x00\x20ftypisom', 'metainfo-other-file', 'MP4'],
    ['\x1a\x45\xdf\xa3', 'metainfo-other-file', 'Matroska'],
    ['PK\x03\x04', 'metainfo-compressed', 'ZIP'],
    ['Rar!\x1a', 'metainfo-compressed', 'RAR'],
    ['7z\xbc\xaf\x27\x1c', 'metainfo-compressed', '7-Zip'],
  ])('a file that begins with %j is refused with %s and called %s', (beginning, code, name) => {
    const parse = () => parseMetainfo(bytes(beginning));
    expect(parse).toThrow(MetainfoError);
    expect(parse).toThrow(expect.objectContaining({ code, message: expect.stringContaining(name) }));
  });
});

it('a torrent and plain text have no file kind', () => {
  for (const beginning of ['d8:announce', 'hello', 'd4:info', '\xff\xfeh\0'])
    expect(fileKind(bytes(beginning))).toBeUndefined();
});
