/**
 * `npm run bench [-- start create library verify download sources announce engine sim catalogue
 * catalogue-load]`: measures Cicada on this machine, in turn with other programs. Without a name, all
 * benchmarks run. Each names the programs that it did not find.
 */
import process from 'node:process';
import { benchAnnounce } from './announce.ts';
import { benchCatalogue } from './catalogue.ts';
import { benchCatalogueLoad } from './catalogue-load.ts';
import { benchCreate } from './create.ts';
import { benchDownload } from './download.ts';
import { benchEngine } from './engine.ts';
import { benchLibrary } from './library.ts';
import { machineLines } from './machine.ts';
import { benchSim } from './sim.ts';
import { benchSources } from './sources.ts';
import { benchStart } from './start.ts';
import { benchVerify } from './verify.ts';

const benches: Readonly<Record<string, (report: (line: string) => void) => Promise<void>>> = {
  start: benchStart,
  create: benchCreate,
  library: benchLibrary,
  verify: benchVerify,
  download: benchDownload,
  sources: benchSources,
  announce: benchAnnounce,
  engine: benchEngine,
  sim: benchSim,
  catalogue: benchCatalogue,
  'catalogue-load': benchCatalogueLoad,
};

const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(benches, name));
if (unknown !== undefined) {
  console.error(`bench: there is no "${unknown}", only ${Object.keys(benches).join(', ')}`);
  process.exit(28);
}
for (const line of machineLines()) console.log(line);
for (const [name, bench] of Object.entries(benches)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.log(`\n${name}`);
  await bench((line) => console.log(line));
}
