/** Runs compiled programs here, in Node or a page: the only place of the library with state on a device. */
import type { ReadInto, StartThread } from "../../base/host.ts";
import type { Content } from "../codegen/content.ts";
import type { Program } from "../codegen/program.ts";
import { type ModelParts, modelParts, type PartsOptions } from "./model-parts.ts";
import { type RunningModel, startModel } from "./start-model.ts";
import { webThreads } from "./web-threads.ts";

export interface RuntimeOptions extends Pick<PartsOptions, "leastSharedWork"> {
  /** Threads that programs run on, the caller's among them; 1, unless given. */
  readonly threads?: number;
  /** How threads are started: `nodeThreads()` of laminate/node; pages need not say. */
  readonly startThread?: StartThread | undefined;
}

export interface Runtime {
  /**
   * Fills the memory and compiles the kernels of a program, of its variants with and without relaxed SIMD (the better
   * one that runs here is taken), or of what readArtefact has read.
   *
   * @throws LaminateError bad-input when the program does not run here: memory, SIMD, damaged files
   */
  load(program: Program | readonly Program[] | ModelParts): Promise<RunningModel>;
  /** Disposes of everything that it has loaded. */
  dispose(): void;
}

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  const { threads = 1, startThread = webThreads(), leastSharedWork } = options;
  const parts = { threads, ...(leastSharedWork === undefined ? {} : { leastSharedWork }) };
  const loaded = new Set<RunningModel>();
  return {
    async load(program) {
      const { manifest, files } = isParts(program)
        ? program
        : modelParts(isList(program) ? program : [program], parts);
      const start = startThread === undefined ? {} : { startThread };
      const started = await startModel(manifest, readFrom(files), { threads, ...start });
      const model = {
        ...started,
        dispose() {
          started.dispose();
          loaded.delete(model);
        },
      };
      loaded.add(model);
      return model;
    },
    dispose() {
      for (const model of loaded) model.dispose();
    },
  };
}

/** Reads files that are in memory already. */
function readFrom(files: ReadonlyMap<string, Content>): ReadInto {
  return async (name, target) => {
    const content = files.get(name);
    if (content === undefined) throw new Error("there is no such file");
    if (content.byteLength === target.length) content.writeTo(target);
    return content.byteLength;
  };
}

function isParts(program: Program | readonly Program[] | ModelParts): program is ModelParts {
  return "manifest" in program;
}

function isList(program: Program | readonly Program[]): program is readonly Program[] {
  return Array.isArray(program);
}
