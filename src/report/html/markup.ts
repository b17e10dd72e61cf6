/**
 * Markup that cannot be injected into: a tagged template that escapes every string put into it, so that a layer may be
 * called `<script>` and stay text.
 */

/** Text that is already HTML. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text and numbers are escaped, lists are joined, undefined and false leave nothing. */
export type Piece = string | number | Markup | undefined | false | readonly Piece[];

/** Builds markup, escaping what is put in. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  const parts = strings.map((text, at) => text + (at < pieces.length ? render(pieces[at]) : ""));
  return { markup: parts.join("") };
}

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON for inside a script element: no `<`, so neither `</script>` nor `<!--` can end or change it. */
export function jsonScript(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return { markup: `<script type="application/json" id="${escapeHtml(id)}">${json}</script>` };
}

/** A constant piece of HTML or CSS of our own. */
export function trusted(markup: string): Markup {
  return { markup };
}

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return "";
  if (typeof piece === "string") return escapeHtml(piece);
  if (typeof piece === "number") return String(piece);
  return "markup" in piece ? piece.markup : piece.map(render).join("");
}
