/**
 * The notices of all packages that are installed with the npm package: name, version, licence and the licence
 * text.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

const root = new URL('../../', import.meta.url);

interface LockedPackage {
  readonly version: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Returns the text. Throws if a package names no licence. */
export function thirdPartyNotices(): string {
  const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as {
    readonly packages: Readonly<Record<string, LockedPackage>>;
  };
  const notices = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, locked]) => noticeOf(path, locked));
  const head = 'Cicada installs these packages. Each has its own licence.';
  return `${[head, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`;
}

function noticeOf(path: string, { version, license }: LockedPackage): string {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  if (license === undefined) throw new Error(`${name} ${version} names no licence in package-lock.json`);
  const text = licenceTexts(new URL(`${path}/`, root));
  return [`${name} ${version}: ${license}`, ...text].join('\n\n');
}

function licenceTexts(folder: URL): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^(licen[cs]e|copying|notice)/i.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => !/\.[jt]s$/.test(name))
    .sort()
    .map((name) => readFileSync(new URL(name, folder), 'utf8').trim());
}
