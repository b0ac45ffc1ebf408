/** A self-contained HTML page: plots are inline SVG, and there is no script. */
import { escapeText } from './line-plot.ts';

export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeText(title)} · Cicada</title>
<style>${style}</style>
<h1>${escapeText(title)}</h1>
${body}
</html>
`;
}

export function figure(caption: string, svg: string): string {
  return `<figure><figcaption>${escapeText(caption)}</figcaption>${svg}</figure>`;
}

const style = `
:root { color-scheme: light dark; --ink: #1c2320; --paper: #fbfaf7; --line: #c9c6bd; --one: #0b6e4f; --two: #b3541e; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e6df; --paper: #171a18; --line: #4a4f4b; --one: #5fd3a5; --two: #f0a06a; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1, h2 { font-weight: 600; } small { font-weight: 400; opacity: .7; } code { font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; } th { text-align: left; font-weight: 400; opacity: .8; padding-right: 2rem; }
td { font-variant-numeric: tabular-nums; } td + td { padding-left: 1.5rem; } td.n { text-align: right; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem 2rem; margin: 1rem 0 3rem; }
.runs { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem 3rem; } .runs figure { margin-bottom: 1.5rem; }
.failed { color: var(--two); font-weight: 600; }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; display: block; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); } svg .small { font-size: 9px; }
.grid { stroke: var(--line); stroke-width: .5; } .marker { stroke: var(--ink); stroke-dasharray: 3 3; opacity: .6; }
.curve { fill: none; stroke-width: 2; stroke-linejoin: round; } .c0 { stroke: var(--one); } .c1 { stroke: var(--two); }
.k0 { fill: var(--one) !important; } .k1 { fill: var(--two) !important; }
.fault { fill: var(--two); fill-opacity: .45; } .moment { stroke: var(--two); stroke-width: 2; }
.here { fill: var(--one); } .down { fill: var(--two); } .still { fill: var(--line); } .foe { stroke: var(--two); stroke-dasharray: 2 3; }
`;
