/** How this program is called, for lines that people copy: `npm run sim` in a checkout, its own name from the npm package. */
import { extname } from 'node:path';
import process from 'node:process';

/** The package holds compiled files. */
const isPackaged = extname(import.meta.url) === '.js';
/** npx finds a program by the name of its package alone, unless it is told which package has it. */
const packagedProgram = process.env.npm_command === 'exec' ? 'npx -p cicada-swarm cicada-sim' : 'cicada-sim';

export const simProgram = isPackaged ? packagedProgram : 'npm run sim --';
