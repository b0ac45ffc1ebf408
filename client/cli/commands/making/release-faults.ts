/** Warns of files that could not be read as music, or whose content does not match their extension. */
import type { ReleaseFault } from '../../../../torrents/release/release.ts';
import { count } from '../../../../torrents/wording.ts';
import type { Output } from '../../screen/output.ts';
import { plain } from './torrent-summary.ts';

/** At most 10 lines: a folder of wrong files would push everything else off the screen. */
const linesMax = 10;

const unread = 'no format is claimed for it, and its name serves as its title';
const reasons: Readonly<Record<Exclude<ReleaseFault['fault'], 'misnamed'>, string>> = {
  'not-audio': `there is no sound in it that Cicada knows: ${unread}`,
  unreadable: `it cannot be read: ${unread}`,
  'timed-out': `reading it took too long: ${unread}`,
  'too-large': `reading it took too much memory: ${unread}`,
  crashed: `its reader fell over: ${unread}`,
  'cover-too-large': 'its picture has more than 25 million pixels or 24 MiB, so there is no cover',
  'cover-unreadable': 'its picture is no JPEG, PNG or WebP that can be read, so there is no cover',
  'not-reached': `the time for reading tags was over: ${unread}`,
};

/** `isTorrentAlone`: the files were not available. */
export function tellFaults(faults: readonly ReleaseFault[], isTorrentAlone: boolean, output: Output): void {
  if (faults.length === 0) return;
  if (isTorrentAlone) {
    output.remark(
      'No file was read: titles and formats are those of the names (--from FOLDER reads the files).',
    );
    return;
  }
  for (const { path, fault, codec } of faults.slice(0, linesMax)) {
    const what = fault === 'misnamed' ? `it is ${codec}, and published as that` : reasons[fault];
    output.remark(`${plain(path)}: ${what}.`);
  }
  const more = faults.length - linesMax;
  if (more > 0) output.remark(`${count(more, 'more file')} like these; --json lists them all.`);
}
