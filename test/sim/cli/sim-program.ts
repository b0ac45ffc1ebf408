/** How this program is called, for lines that people copy: from the npm package under its own name, else by npm. */
import { extname } from 'node:path';

/** The package holds compiled files. */
export const isPackaged = extname(import.meta.url) === '.js';
export const simProgram = isPackaged ? 'cicada-sim' : 'npm run sim --';
