/** The plugin's type fits tsdown's and vitest's. */
export declare function bundleText(): {
  readonly name: string;
  readonly enforce: "pre";
  resolveId(source: string, importer: string | undefined): string | undefined;
  load(id: string): Promise<{ code: string; moduleType: "js" } | undefined>;
};
