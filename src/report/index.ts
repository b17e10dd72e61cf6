/** Results for people and machines: documents, tables, the HTML report, the Chrome trace. */
export type { BenchDocument } from "./bench-document.ts";
export { type ChromeTrace, chromeTrace, type TraceEvent } from "./chrome-trace.ts";
export { type CompareDocumentInput, compareDocument } from "./compare-document.ts";
export { renderCompareReport } from "./compare-report.ts";
export type { CompareDocument } from "./compare-schema.ts";
export { compareNotes, compareTable } from "./compare-text.ts";
export { type CompileDocument, type CompileFacts, compileDocument } from "./compile-document.ts";
export type { DatasetDocument } from "./dataset-document.ts";
export { type ErrorDocument, errorDocument } from "./error-document.ts";
export { type FusionDocument, fusionDocument } from "./fusion-document.ts";
export { type ReportInput, type RunRecord, renderHtmlReport } from "./html-report.ts";
export { type InspectDocument, inspectDocument } from "./inspect-document.ts";
export { documentSchemas } from "./json-schemas.ts";
export { type MapDocumentInput, mapDocument, mappingOf, parseMapDocument } from "./map-document.ts";
export type { MapDocument } from "./map-schema.ts";
export { comparisonTable, groupTable, inspectTable } from "./tables.ts";
export type { TrainDocument } from "./train-document.ts";
export { renderTrainReport } from "./train-report.ts";
