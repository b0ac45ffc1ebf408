/**
 * The style sheet of the tracker's pages: one column of text, fonts of the reader's system, and a light or
 * dark scheme by the reader's setting.
 */
import { createHash } from 'node:crypto';

export const pageStyle = `
:root{color-scheme:light dark;
--paper:#faf9f5;--raised:#fff;--ink:#23251f;--soft:#6a6d61;--line:#e2e0d6;--green:#3c6b42}
@media(prefers-color-scheme:dark){:root{
--paper:#161814;--raised:#1e211b;--ink:#e6e6dc;--soft:#9a9d8f;--line:#32362d;--green:#9cc79a}}
*{box-sizing:border-box}
html{background:var(--paper);color:var(--ink);-webkit-text-size-adjust:100%;
font:1.0625rem/1.6 "Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua","Liberation Serif",Georgia,serif}
body{max-width:43rem;margin:0 auto;padding:clamp(2rem,7vw,4.5rem) 1.25rem 3rem}
header svg{width:3.25rem;height:3.25rem;display:block;margin:0 0 1.4rem -.3rem;color:var(--green)}
h1{font-size:clamp(2rem,6.5vw,2.75rem);line-height:1.12;font-weight:400;letter-spacing:-.018em;margin:0 0 1rem;text-wrap:balance}
h2{font-size:1.3rem;line-height:1.3;font-weight:400;margin:3.25rem 0 .9rem}
p{margin:0 0 1rem;text-wrap:pretty}
.lead{font-size:1.1875rem;line-height:1.55}
.soft{color:var(--soft)}
a{color:var(--green);text-decoration-thickness:1px;text-underline-offset:.18em}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--green);outline-offset:3px;border-radius:2px}
.label,.figures,.meta,.get,footer{font-family:ui-sans-serif,system-ui,"Segoe UI",Roboto,"Liberation Sans",sans-serif}
.label{display:block;font-size:.8125rem;color:var(--soft);margin:2.25rem 0 .4rem}
code{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
.copy{display:block;font-size:.9375rem;line-height:1.5;padding:.75rem .95rem;background:var(--raised);border:1px solid var(--line);
border-radius:.5rem;overflow-wrap:anywhere;user-select:all;-webkit-user-select:all}
.torrents{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.torrents>li{padding:1.15rem 0 1.25rem;border-bottom:1px solid var(--line)}
.name{font-size:1.1875rem;line-height:1.35;margin:0 0 .25rem;overflow-wrap:anywhere;unicode-bidi:isolate}
.meta,.get{font-size:.875rem;line-height:1.5;margin:0;color:var(--soft);font-variant-numeric:tabular-nums}
.meta span+span::before{content:"·";margin:0 .5em}
.meta .live{color:var(--green)}
.get{margin-top:.6rem;display:flex;flex-wrap:wrap;gap:.3rem 1.25rem}
details[open]{flex-basis:100%}
summary{cursor:pointer;color:var(--green);width:fit-content}
.files{list-style:none;margin:.5rem 0 0;padding:0;color:var(--ink)}
.files li{display:flex;gap:1rem;justify-content:space-between;padding:.2rem 0}
.files li span:first-child{overflow-wrap:anywhere;unicode-bidi:isolate}
.files li span:last-child{flex:none;color:var(--soft);font-variant-numeric:tabular-nums}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1.25rem 1rem;margin:0}
.figures div{display:flex;flex-direction:column-reverse}
.figures dt{font-size:.8125rem;color:var(--soft)}
.figures dd{margin:0;font-size:1.5rem;line-height:1.25;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
form{display:flex;gap:.6rem;margin:2.25rem 0 0}
input,button{font:inherit;font-size:1.0625rem;padding:.6rem .9rem;border:1px solid var(--line);border-radius:.5rem;
background:var(--raised);color:var(--ink);min-width:0}
input{flex:1}
button{color:var(--green);cursor:pointer}
.cover{float:right;width:8rem;height:8rem;object-fit:cover;border-radius:.5rem;margin:0 0 1rem 1.25rem}
.name a{color:inherit}
footer{margin-top:4rem;padding-top:1.1rem;border-top:1px solid var(--line);font-size:.8125rem;line-height:1.6;color:var(--soft)}
footer nav{display:flex;flex-wrap:wrap;gap:.1rem 1.25rem}
`;

/**
 * No scripts, no frames, and no resources from or forms to other hosts. The one style sheet is allowed by its
 * hash.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(pageStyle).digest('base64')}'`,
  "img-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');
