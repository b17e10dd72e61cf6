/** docs/operators.md is written from the rows, so that it cannot say anything else. */
import { expect, test } from "vitest";
import { known } from "../../base/assert.ts";
import { newestOpset } from "../ir/standard.ts";
import { rowOf, supportedOperators } from "./registry.ts";

function operatorLine({ operator, domain }: { readonly operator: string; readonly domain: string }): string {
  const row = known(rowOf({ operator, domain }), `the row of ${operator}`);
  const yes = (rule: unknown): string => (rule === undefined ? "" : "yes");
  return `| ${operator} | ${row.versions.join(", ")} | ${yes(row.fold)} | ${yes(row.macs)} | ${yes(row.kernel)} | ${row.mappingType} |`;
}

function operatorsDocument(): string {
  const operators = supportedOperators();
  return `# Supported operators

<!-- Written by src/graph/ops/operators-document.test.ts; change the rows in src/graph/ops, not this file. -->

${operators.length} operators of standard ONNX, opset 1 to ${newestOpset}. An operator that is not in the list, or has another domain, is
a barrier: it is shown, it is a layer of its own, and it is never fused.

- **Opsets**: where its definition changed. Every form from the first one on is read, the old ones too.
- **Folded**: computed at once where its inputs are known and small, so that shapes that depend on it are known.
- **MACs**: multiply-accumulates are counted for it. All other operators count none.
- **Run**: the interpreter computes it (the verb run).
- **Mapping type**: how output elements depend on input elements, in DNNFusion's words (PLDI 2021, table 2).

| Operator | Opsets | Folded | MACs | Run | Mapping type |
|---|---|---|---|---|---|
${operators.map(operatorLine).join("\n")}
`;
}

// After a change of the rows: npx vitest run --project unit src/graph/ops --update
test("docs/operators.md lists the rows", async () => {
  await expect(operatorsDocument()).toMatchFileSnapshot("../../../docs/operators.md");
});
