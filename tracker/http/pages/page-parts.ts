/** Shared parts of the tracker's pages: the frame of each page, the logo, and figures. */
import { Html, html } from './html.ts';
import { pageStyle } from './page-style.ts';

/** A cicada, seen from above. */
export const mark = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" stroke="currentColor"
 stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round" role="img" aria-label="A cicada">
<path d="M24 10c3.6 0 5.6 2.2 5.6 5v13c0 5.4-2.4 10-5.6 12.5-3.2-2.5-5.6-7.1-5.6-12.5V15c0-2.8 2-5 5.6-5z"/>
<path d="M18.4 17C11 20.5 6.5 29 6 39.5c5.5-1 10.3-4.5 13.2-9.5M29.6 17C37 20.5 41.5 29 42 39.5c-5.5-1-10.3-4.5-13.2-9.5"/>
<path d="M18.4 21h11.2M18.9 27h10.2M20 33h8M21 10.5 18 6.5M27 10.5l3-4M15.5 21c-3 4-5 8.8-6 14M32.5 21c3 4 5 8.8 6 14"/>
</svg>`;

/** The logo as a file of its own, for browser tabs. */
export const iconSvg = mark.text.replace('currentColor', '#4f8a57');

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="referrer" content="no-referrer"><meta name="robots" content="noindex"><title>${title}</title>
<link rel="icon" type="image/svg+xml" href="/icon.svg"><style>${new Html(pageStyle)}</style></head>
<body>${body}</body></html>
`.text;
}

export function figure(name: string, value: string): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>
`;
}
