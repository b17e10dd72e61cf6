/** A mapping that the user gives: a map result, the bare rows of one, or the paper's vector; as a file or in place. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { badInput, usageError } from "../base/errors.ts";
import { readTextFile } from "../host/read-file.ts";
import type { Mapping } from "../mapping/space/mapping.ts";
import type { Workload } from "../mapping/workload/workload.ts";
import { parseMapDocument } from "../report/map-document.ts";
import type { MapDocument } from "../report/map-schema.ts";

/** One row of a mapping as documents hold it; what is left out is what every mapping has today. */
const rowSchema = z.strictObject({
  layer: z.string().optional(),
  pass: z.int().positive(),
  output: z.enum(["stage", "sync"]),
  weights: z.literal("streamed").default("streamed"),
  cores: z.int().positive().optional(),
  lane: z.int().nonnegative().optional(),
});

type Row = z.output<typeof rowSchema>;

export type GivenMapping =
  | { readonly kind: "result"; readonly document: MapDocument; readonly rows: readonly Row[] }
  | { readonly kind: "rows"; readonly rows: readonly Row[] }
  | { readonly kind: "vector"; readonly vector: readonly number[] };

const forms =
  'give a map result (laminate map ... --json), rows like [{"pass":1,"output":"sync"}, ...], or a vector [mB_0, .. mB_N]';

/** Reads `--mapping`: text that starts with [ or { is the mapping itself, everything else a file ("-" for stdin). */
export function readMapping(fileOrJson: string): GivenMapping {
  const inPlace = /^\s*[[{]/.test(fileOrJson);
  const where = inPlace ? "--mapping" : fileOrJson;
  const value = parseJson(inPlace ? fileOrJson : readInput(fileOrJson), where);
  if (!Array.isArray(value)) {
    const document = parseMapDocument(value, where);
    if (document.mapping.length === 0) throw noMapping(where);
    return { kind: "result", document, rows: rowsOf(document.mapping, where) };
  }
  if (value.length === 0) throw badInput("the mapping is empty", { where, fix: forms });
  return value.every((entry) => typeof entry === "number")
    ? { kind: "vector", vector: value }
    : { kind: "rows", rows: rowsOf(value, where) };
}

/** Reads the map result that `trace` and `report` are given. */
export function readResult(file: string): MapDocument {
  return parseMapDocument(parseJson(readInput(file), file), file);
}

/** The rows as a mapping of the workload; rows that name a layer must name the right one. */
export function mappingFromRows(rows: readonly Row[], workload: Workload, cores: number): Mapping {
  if (rows.length !== workload.layers.length) {
    throw badInput(
      `the mapping has ${rows.length} rows, and ${workload.name} has ${workload.layers.length} layers`,
      {
        where: "--mapping",
        fix: "give one row for each layer, as laminate inspect lists them; is this the model that was mapped?",
      },
    );
  }
  return rows.map((row, index) => {
    const name = workload.layers[index]?.name;
    if (row.layer !== undefined && row.layer !== name) {
      throw badInput(
        `row ${index} maps layer "${row.layer}", but layer ${index} of ${workload.name} is "${name}"`,
        {
          where: "--mapping",
          fix: "is this the model that was mapped?",
        },
      );
    }
    const { pass, output, weights, lane } = row;
    return { pass, output, weights, cores: row.cores ?? cores, ...(lane === undefined ? {} : { lane }) };
  });
}

function rowsOf(rows: unknown, where: string): readonly Row[] {
  const parsed = z.array(rowSchema).safeParse(rows);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue === undefined ? "" : `${z.core.toDotPath(issue.path)}: `;
  throw badInput(`not a mapping: ${place}${issue?.message ?? "unreadable"}`, { where, fix: forms });
}

function readInput(file: string): string {
  if (file !== "-") return readTextFile(file);
  if (process.stdin.isTTY) throw usageError("- reads the standard input, and nothing is piped into it");
  return readFileSync(0, "utf8");
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw badInput(`not JSON: ${reason}`, { where, fix: forms });
  }
}

const noMapping = (where: string) =>
  badInput("this result holds no mapping: nothing fitted", { where, fix: "map again with more --memory" });
