/** The number of a track in the database: its release's number, and its place there. */

/** More than any box set has; the limit of a release. */
export const tracksMax = 8_000;
/** The next power of two. */
const idsPerRelease = 8_192;

export function trackId(releaseNumber: number, place: number): number {
  return releaseNumber * idsPerRelease + place;
}

export function releaseOfTrack(id: number): number {
  return Math.floor(id / idsPerRelease);
}

/** From the first number a release's tracks may have to the first of the next release. */
export function trackRange(releaseNumber: number): readonly [from: number, to: number] {
  return [releaseNumber * idsPerRelease, (releaseNumber + 1) * idsPerRelease];
}
