/** A module bundled with all that it imports, as text; scripts/bundle-text.js makes it when laminate is built or tested. */
declare module "*?bundle" {
  export const text: string;
}
