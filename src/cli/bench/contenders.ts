/** The lists of contenders: a new one is a file beside this and a line here. */
import { usageError } from "../../base/errors.ts";
import { suggestName } from "../../base/nearest.ts";
import { compiledContender } from "./compiled-contender.ts";
import type { Contender } from "./contender.ts";
import { interpreterContender } from "./interpreter-contender.ts";
import { ortWebContender } from "./ort-web.ts";
import { tfjsContender } from "./tfjs/tfjs-contender.ts";

/** What every benchmark measures; ratios are against the first of them. */
const ours: readonly (() => Contender)[] = [compiledContender];

/** What it can be measured against. */
const rivals: readonly (() => Contender)[] = [ortWebContender, tfjsContender, interpreterContender];

/** Names of our own contenders, the one that ratios are against first. */
export const ownNames: readonly string[] = ours.map((create) => create().name);
export const rivalNames: readonly string[] = rivals.map((create) => create().name);

/** What users write for a longer name. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ["ort", "ort-web"],
  ["tfjs", "tfjs-wasm"],
  ["interpreter", "laminate-interpreter"],
]);

/** The contender of that name or short name. Throws usage where there is none. */
export function contenderByName(name: string): Contender {
  const full = shortNames.get(name) ?? name;
  const found = [...ours, ...rivals].map((create) => create()).find((one) => one.name === full);
  if (found !== undefined) return found;
  throw usageError(`there is no contender "${name}"`, {
    where: "--against",
    fix: suggestName(name, rivalNames, "contenders"),
  });
}
