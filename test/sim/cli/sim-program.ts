/**
 * The command that starts this program, for lines that people copy: `npm run sim` in a checkout, `cicada-sim`
 * from the npm package.
 */
import { extname } from 'node:path';
import process from 'node:process';

/** The npm package holds compiled files. */
const isPackaged = extname(import.meta.url) === '.js';
/** npx finds a program by the name of its package only, unless `-p` names the package. */
const packagedProgram = process.env.npm_command === 'exec' ? 'npx -p cicada-swarm cicada-sim' : 'cicada-sim';

export const simProgram = isPackaged ? packagedProgram : 'npm run sim --';
