/** A track's number in the database: made of its release's number and its place in the release. */

/** The limit of tracks in a release; more than any box set has. */
export const tracksMax = 8_000;
/** The next power of two above tracksMax. */
const idsPerRelease = 8_192;

export function trackId(releaseNumber: number, place: number): number {
  return releaseNumber * idsPerRelease + place;
}

export function releaseOfTrack(id: number): number {
  return Math.floor(id / idsPerRelease);
}

/** From the lowest possible number of the release's tracks to that of the next release. */
export function trackRange(releaseNumber: number): readonly [from: number, to: number] {
  return [releaseNumber * idsPerRelease, (releaseNumber + 1) * idsPerRelease];
}
