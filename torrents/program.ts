/**
 * Name and version of this program, as peers, trackers and people are told: the one place for them. They are package.json's
 * (test/cli/client-name.test.ts); the engine can read no file.
 */
export const programName = 'Cicada';
export const packageName = 'cicada-swarm';
export const version = '0.1.0';
