/** `cicada verify`: checks every piece on the disk, and prints which files are bad. */
import { type VerifiedFile, verifyTorrent } from '../../../../torrents/verify.ts';
import { count, size } from '../../../../torrents/wording.ts';
import { defineCommand } from '../../command.ts';
import { exitCode } from '../../exit-codes.ts';
import { interruption } from '../../screen/interruption.ts';
import { type Output, paint } from '../../screen/output.ts';
import { hashingLine } from '../../screen/progress-line.ts';
import { givenPositional, givenTorrent } from '../../sources/given-torrent.ts';
import { tellWarnings } from './torrent-notes.ts';
import { plain } from './torrent-summary.ts';

/** At most 50 bad files are printed; the JSON has all. */
const filesShownMax = 50;

export default defineCommand({
  usage: 'verify <torrent> <path>',
  describe: 'Check a folder against its torrent, piece by piece',
  positionals: {
    torrent: { ...givenPositional, demandOption: true },
    path: {
      type: 'string',
      demandOption: true,
      describe: 'The shared folder or file, or the folder that holds it',
    },
  },
  options: {},
  examples: [
    ['verify Album.torrent ~/Music/Album', 'says which files are damaged'],
    ['verify Album.torrent ~/Music --json | jq .bad', 'lists the bad pieces for a program'],
  ],

  async run({ torrent, path }, output) {
    const signal = interruption();
    const { metainfo } = await givenTorrent(torrent, signal, output);
    tellWarnings(metainfo, output);
    const { ok, pieces, badPieces, files } = await verifyTorrent(metainfo, path, {
      signal,
      onProgress: (progress) => output.live(hashingLine('Checking', progress)),
    });
    output.clearLive();
    output.document({
      ok,
      pieces,
      bad: badPieces,
      files: files.map((file) => ({ path: file.path, ok: file.ok, missing: file.missing })),
      warnings: metainfo.warnings,
    });
    if (ok) {
      const what = `${count(files.length, 'file')}, ${size(metainfo.bytes)}, all ${count(pieces, 'piece')} match`;
      output.result(`${paint('green', '✓')} ${plain(metainfo.name)}: ${what}`);
      return exitCode.done;
    }
    reportBad(files, output);
    const bad = files.filter((file) => !file.ok).length;
    output.result(
      `${paint('red', '✗')} ${plain(metainfo.name)}: ${bad} of ${count(files.length, 'file')} ` +
        `${bad === 1 ? 'is' : 'are'} not what the torrent describes (${badPieces.length} of ${count(pieces, 'piece')} bad)`,
    );
    return exitCode.dataMismatch;
  },
});

function reportBad(files: readonly VerifiedFile[], output: Output): void {
  const bad = files.filter((file) => !file.ok);
  for (const file of bad.slice(0, filesShownMax)) output.result(`  ${fault(file)}  ${file.path}`);
  if (bad.length > filesShownMax)
    output.result(`  and ${bad.length - filesShownMax} more (--json names them all)`);
}

function fault(file: VerifiedFile): string {
  const word = file.missing
    ? 'missing'
    : file.error !== undefined
      ? 'unreadable'
      : file.tooShort
        ? 'too short'
        : file.tooLong
          ? 'too long'
          : 'damaged';
  return paint('red', word.padEnd('unreadable'.length));
}
