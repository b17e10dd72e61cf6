/** What `map` and `evaluate` do with an answer: print it, write it, hint, and choose the exit code. */
import { join } from "node:path";
import { formatBytes } from "../base/format.ts";
import { writeBytes } from "../base/units.ts";
import type { CompleteProblem } from "../mapping/cost/problem.ts";
import type { FoundMapping } from "../mapping/mappers/find-mapping.ts";
import { chromeTrace } from "../report/chrome-trace.ts";
import { renderHtmlReport } from "../report/html-report.ts";
import type { MapDocument } from "../report/map-schema.ts";
import { type Cli, printDocument } from "./cli.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { errorText } from "./failure.ts";
import { mapText } from "./map-text.ts";
import { runDocument, runRecord, writeOutput } from "./run-record.ts";

export interface Answer {
  readonly problem: CompleteProblem;
  readonly found: FoundMapping;
  readonly document: MapDocument;
}

/** Where `map` and `evaluate` may write besides stdout. */
export interface OutputOptions {
  /** A folder for result.json, report.html, trace.json and run.json. */
  readonly out?: string;
  readonly report?: string;
  readonly trace?: string;
  readonly json?: boolean;
}

/** Prints the answer and writes the files that were asked for. */
export function deliver(cli: Cli, answer: Answer, options: OutputOptions): void {
  if (options.json) printDocument(cli, answer.document);
  else cli.terminal.print(mapText(answer.document, cli.terminal));
  if (options.out !== undefined) writeRunFolder(cli, options.out, answer);
  if (options.report !== undefined) writeOutput(cli, options.report, reportText(cli, answer));
  if (options.trace !== undefined) writeTrace(cli, options.trace, answer);
}

/** result.json, report.html, trace.json and run.json. */
export function writeRunFolder(
  cli: Cli,
  folder: string,
  answer: Answer,
  compared?: readonly MapDocument[],
): void {
  writeOutput(cli, join(folder, "result.json"), JSON.stringify(answer.document, null, 2));
  writeOutput(cli, join(folder, "report.html"), reportText(cli, answer, compared));
  writeTrace(cli, join(folder, "trace.json"), answer);
  writeOutput(cli, join(folder, "run.json"), JSON.stringify(runDocument(cli, answer.document.seed), null, 2));
}

/** The HTML report. */
export function reportText(cli: Cli, answer: Answer, compared?: readonly MapDocument[]): string {
  return renderHtmlReport({
    ...answer,
    run: runRecord(cli),
    ...(compared === undefined ? {} : { compared }),
  });
}

/** The exit code of an answer; says on stderr why it is not 0. */
export function answerExitCode(cli: Cli, { problem, document }: Answer, requireProof = false): ExitCode {
  if (document.stopped === "interrupted") return exitCodes.interrupted;
  if (!document.feasible) {
    const { infeasible } = document;
    cli.terminal.note(
      infeasible === null ? noneFoundText(cli, document) : infeasibleText(cli, problem, document, infeasible),
    );
    return exitCodes.infeasible;
  }
  if (requireProof && !document.proof.optimal) {
    cli.terminal.note(notProvenText(cli, document));
    return exitCodes["not-proven"];
  }
  return exitCodes.ok;
}

function writeTrace(cli: Cli, path: string, { problem, found, document }: Answer): void {
  if (document.feasible && found.evaluation.feasible)
    writeOutput(cli, path, JSON.stringify(chromeTrace(problem, found.evaluation)));
  else cli.terminal.note(`no ${path}: there is no schedule without a mapping that fits`);
}

function infeasibleText(
  cli: Cli,
  problem: CompleteProblem,
  { mapping }: MapDocument,
  infeasible: NonNullable<MapDocument["infeasible"]>,
): string {
  const { group, requiredBytes, availableBytes } = infeasible;
  const names = group.length > 4 ? [...group.slice(0, 3), `${group.length - 3} more`] : group;
  const inLanes =
    new Set(mapping.filter(({ layer }) => group.includes(layer)).map(({ lane }) => lane)).size > 1;
  const noun = inLanes ? "the lanes of" : group.length === 1 ? "layer" : "the group of";
  const message =
    `${noun} ${names.join(", ")} ${inLanes ? "together need" : "needs"} ${formatBytes(requiredBytes)} on chip, ` +
    `and there are ${formatBytes(availableBytes)}`;
  const enough =
    coreBufferFix(problem, requiredBytes, availableBytes) ??
    `give --memory ${writeBytes(Math.ceil(requiredBytes))} or more`;
  const fix = mapping.length === 0 ? enough : `${enough}, or let laminate map find a mapping that fits`;
  return errorText({ code: "infeasible", message, fix }, cli.terminal);
}

/** The way out where the cores' own buffers are what is too small, whatever memory the chip has. */
function coreBufferFix(
  { accelerator, memoryBytes }: CompleteProblem,
  requiredBytes: number,
  availableBytes: number,
): string | undefined {
  const { coreBufferBytes = Number.POSITIVE_INFINITY, cores } = accelerator;
  if (requiredBytes > cores * coreBufferBytes)
    return "the own buffers of all cores hold less: give the accelerator a larger perCore.capacity";
  return availableBytes < memoryBytes
    ? "the own buffers of its cores hold no more: give the group more cores"
    : undefined;
}

function noneFoundText(cli: Cli, { mapper, evaluations }: MapDocument): string {
  const count = `${evaluations.toLocaleString("en-US")} ${evaluations === 1 ? "evaluation" : "evaluations"}`;
  const message = `${mapper} found no mapping that fits in ${count}, though layer by layer does`;
  const fix = "give a larger --budget, another --seed, or use --mapper exact";
  return errorText({ code: "infeasible", message, fix }, cli.terminal);
}

function notProvenText(cli: Cli, { mapper, proof, stopped }: MapDocument): string {
  const gap = proof.gap === null ? "it claims no bound" : `its gap is ${(proof.gap * 100).toPrecision(3)} %`;
  const fix = stopped === "budget" ? "give a larger --budget" : "use --mapper exact";
  const message = `the mapping of ${mapper} is not proven optimal; ${gap}`;
  return errorText({ code: "not-proven", message, fix }, cli.terminal);
}
