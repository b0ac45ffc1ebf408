/**
 * The name and version of this program, as peers, trackers and users see them. They equal those of
 * package.json (tested by test/cli/client-name.test.ts). The engine cannot read package.json: it does no file
 * I/O.
 */
export const programName = 'Cicada';
export const packageName = 'cicada-swarm';
export const version = '0.1.0';
