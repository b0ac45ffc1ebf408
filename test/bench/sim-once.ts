/**
 * Simulates one swarm in its own process, so that its memory can be measured, and prints its cost as JSON.
 */
import process from 'node:process';
import { homeLink } from '../sim/world/link.ts';
import { World } from '../sim/world/world.ts';

const KiB = 1024;
const hourMs = 3_600_000;
/** 20/5 Mbit/s, 20 ms. */
const line = { ...homeLink, up: 625, down: 2_500 };
/**
 * Half the connections that a client keeps by default. With pieces of one block, sending `have`s twice a
 * second is early enough.
 */
const limits = { connectionsPerTorrentMax: 40, havesAtOnceMax: 0 };

const [peerCount, pieceCount] = process.argv.slice(2).map(Number) as [number, number];
const startedMs = performance.now();
const world = new World({
  seed: 1,
  totalBytes: pieceCount * 16 * KiB,
  pieceLength: 16 * KiB,
  limits,
  infoBytes: 20 * pieceCount,
  keepsReports: false,
});
world.join({ has: 'all', link: line });
const leeches = Array.from({ length: peerCount - 1 }, () => world.join({ link: line }));
const isComplete = world.runUntilComplete(leeches, hourMs);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    isComplete,
    isRight: leeches.every((leech) => leech.isIdentical),
    virtualSeconds: world.nowMs / 1000,
    events: world.scheduler.events,
    elapsedSeconds: (performance.now() - startedMs) / 1000,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    mebibytes: maxRSS / KiB,
    traceHash: world.trace.hash,
  }),
);
