/**
 * Runs a job in a process of its own: a runtime reads its number of threads once, and peak memory is a process's. The
 * child is this same program with the arguments `bench-job JOB`; the answer comes over the channel between the two.
 */
import { type ChildProcess, fork } from "node:child_process";
import { LaminateError } from "../../base/errors.ts";
import { errorParts } from "../failure.ts";
import { type Job, type JobResult, type NotMeasured, runJob } from "./job.ts";

/** The verb of the child. */
export const jobVerb = "bench-job";

type Answer =
  | { readonly ok: true; readonly result: JobResult }
  | { readonly ok: false; readonly error: ReturnType<typeof errorParts> };

/** The result; a child that dies, or is silent for too long, gives the reason instead. */
export async function spawnJob(job: Job, mostSeconds: number): Promise<JobResult | NotMeasured> {
  const child = fork(process.argv[1] ?? "", [jobVerb, JSON.stringify(job)], {
    // What runtimes write to stdout is no answer.
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const answer = await answerOf(child, mostSeconds);
  if (!("ok" in answer)) return answer;
  if (answer.ok) return answer.result;
  throw new LaminateError(answer.error);
}

function answerOf(child: ChildProcess, mostSeconds: number): Promise<Answer | NotMeasured> {
  return new Promise((resolve) => {
    const failed = (reason: string): void => resolve({ kind: "failed", reason });
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      failed(`no answer after ${mostSeconds} s`);
    }, mostSeconds * 1000);
    const stop = (): void => void child.kill("SIGKILL");
    process.once("exit", stop);
    child.once("message", (message) => resolve(message as Answer));
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      process.off("exit", stop);
      // Ignored where the answer has come already.
      failed(
        signal === null ? `its process ended with exit code ${code}` : `its process was ended by ${signal}`,
      );
    });
  });
}

/** The child's side. Ends the process: runtimes leave worker threads behind. */
export async function answerJob(text: string): Promise<void> {
  const answer = await runJob(JSON.parse(text) as Job).then(
    (result): Answer => ({ ok: true, result }),
    (error: unknown): Answer => ({ ok: false, error: errorParts(error) }),
  );
  await new Promise<void>((resolve) => {
    if (process.send === undefined) {
      process.stdout.write(`${JSON.stringify(answer)}\n`, () => resolve());
    } else process.send(answer, () => resolve());
  });
  process.exit(0);
}
