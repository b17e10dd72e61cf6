/**
 * What all pages have: one HTML file that stands alone, without script and request (a content security policy in it says so), light
 * and dark; the figures under a page's title, and lists of settings.
 */
import { html, type Markup, type Piece, trusted } from "./markup.ts";
import { styleSheet } from "./style.ts";

/** The whole page as text. */
export function renderPage(title: string, main: Piece): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>${trusted(styleSheet)}</style>
</head>
<body>
<main>
${main}
</main>
</body>
</html>
`;
  return page.markup;
}

/** A number of the page with its name and what it is held against. */
export function figure(name: string, value: string, note: Piece, look = ""): Markup {
  return html`<div class="figure ${look}"><dt>${name}</dt><dd><span class="value">${value}</span><span class="note">${note}</span></dd></div>`;
}

/** Names and what they are set to. */
export function settingsList(facts: readonly (readonly [string, Piece])[]): Markup {
  return html`<dl class="settings">${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}
