/** The user's folders for state and for configuration. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import process from 'node:process';

interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly home: string;
}

const thisMachine: Machine = { env: process.env, platform: process.platform, home: homedir() };

/** The folder for verified data and known torrents: worth keeping, but not needed in a backup. */
export function stateFolder({ env, platform, home }: Machine = thisMachine): string {
  if (platform === 'win32') return join(env.LOCALAPPDATA || join(home, 'AppData', 'Local'), 'cicada');
  return join(xdgFolder(env.XDG_STATE_HOME) ?? join(home, '.local', 'state'), 'cicada');
}

/** The user's configuration file. */
export function configFile({ env, platform, home }: Machine = thisMachine): string {
  const folder =
    platform === 'win32' ? env.APPDATA || join(home, 'AppData', 'Roaming') : join(home, '.config');
  return join(xdgFolder(env.XDG_CONFIG_HOME) ?? folder, 'cicada', 'config.json');
}

/** XDG base directory specification: a relative path is ignored, like an empty one. */
function xdgFolder(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
