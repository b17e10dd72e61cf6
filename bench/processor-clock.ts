/** Processor time of this process, all threads: what other work on the machine hardly changes. */
import type { Clock } from "../src/base/host.ts";

/** Seconds. */
export const processorClock: Clock = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
