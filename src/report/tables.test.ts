import { expect, test } from "vitest";
import { comparisonTable, groupTable } from "./tables.ts";
import {
  foundMapping,
  layerByLayerFound,
  nothingFound,
  sampleDocument,
  sampleFound,
  sampleMapping,
  sampleProblem,
  sideBySideMapping,
  sideBySideProblem,
} from "./testing/sample-result.ts";

const problem = sampleProblem();

test("mappers side by side", () => {
  const tight = sampleProblem({ memoryBytes: 2e6 });
  const documents = [
    sampleDocument(problem, layerByLayerFound(problem), "layer-by-layer"),
    sampleDocument(problem, sampleFound(problem), "by-hand"),
    sampleDocument(tight, foundMapping(tight, sampleMapping(tight)), "too-large"),
    sampleDocument(problem, nothingFound(problem), "unlucky"),
  ];
  expect(`\n${comparisonTable(documents)}\n`).toMatchInlineSnapshot(`
    "
    mapper          speed-up  latency  off chip  peak on chip   search  evaluations  proof
    ---------------------------------------------------------------------------------------------
    layer-by-layer     1.00x   333 us    299 MB       1.04 MB  12.3 ms        2,000  none
    by-hand            2.06x   162 us    141 MB       12.9 MB  12.3 ms        2,000  none
    too-large              -        -         -             -  12.3 ms        2,000  does not fit
    unlucky                -        -         -             -  12.3 ms        2,000  none found
    "
  `);
});

test("the groups of a mapping", () => {
  expect(`\n${groupTable(sampleDocument(problem, sampleFound(problem)))}\n`).toMatchInlineSnapshot(`
    "
    group  layers                                images per pass  on chip  off chip  latency  bound
    --------------------------------------------------------------------------------------------------
        1  conv1                                 64               9.47 kB   22.5 MB    25 us  off-chip
        2  layer1.0/conv1 .. layer1.1/conv2 (4)  16 ×4            12.9 MB   26.3 MB  29.2 us  off-chip
        3  layer2.0/conv1 .. layer2.0/conv2 (2)  16 ×2            4.98 MB   20.2 MB  22.4 us  off-chip
        4  layer2.1/conv1 .. layer2.1/conv2 (2)  16 ×2            3.38 MB     14 MB  15.6 us  off-chip
        5  layer3.0/conv1 .. layer3.1/conv2 (4)  16 ×4            4.62 MB   17.9 MB  25.2 us  compute
        6  layer4.0/conv1 .. layer4.1/conv2 (4)  16 ×4            3.05 MB   37.8 MB  42.1 us  off-chip
        7  avgpool                               64                   0 B   1.64 MB  1.82 us  off-chip
        8  fc                                    64                513 kB    610 kB   678 ns  off-chip
    "
  `);
});

test("the groups of a mapping on several cores, with the cores of each", () => {
  const document = sampleDocument(problem, sampleFound(problem));
  const mapping = document.mapping.map((entry, layer) => ({ ...entry, cores: layer === 0 ? 1 : 4 }));
  const [head = "", , first = "", second = ""] = groupTable({ ...document, mapping }).split("\n");
  expect(head).toMatch(/^group +layers +cores +images per pass/);
  expect(first).toMatch(/^ +1 +conv1 +1 +64 /);
  expect(second).toMatch(/\(4\) +4 +16 ×4 /);
});

test("names cannot move the cursor", () => {
  const document = sampleDocument(problem, sampleFound(problem));
  const text = comparisonTable([{ ...document, mapper: "\u001b[2Jevil\r\nrow" }]);
  expect(text).toContain("?[2Jevil??row");
  expect(text.split("\n")).toHaveLength(3);
});

test("groups side by side have their lane and their start", () => {
  const forked = sideBySideProblem();
  const document = sampleDocument(forked, foundMapping(forked, sideBySideMapping));
  expect(`\n${groupTable(document)}\n`).toMatchInlineSnapshot(`
    "
    group  layers  cores  lane  start  images per pass  on chip  off chip  latency  bound
    ----------------------------------------------------------------------------------------
        1  L0          4     -    0 s  1                    0 B      16 B     27 s  compute
        2  L1          1     0   27 s  1                    0 B      16 B     67 s  compute
        3  L2          3     1   27 s  1                    0 B      16 B     41 s  compute
        4  L3          4     -   94 s  1                    0 B      24 B     35 s  off-chip
    "
  `);
});
