/** Names from files, for messages: they may be of any length and hold anything, escape sequences of terminals too. */

const longest = 120;

/** The name in double quotes, control characters escaped, cut if it is long. */
export function quote(name: string): string {
  const cut = name.length > longest ? `${name.slice(0, longest)}...` : name;
  return JSON.stringify(cut);
}
