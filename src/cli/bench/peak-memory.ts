/** The most memory that this process has had. */
import { readFileSync } from "node:fs";

/**
 * Bytes. On Linux from /proc, because what getrusage says there begins with the memory of the process that started this
 * one.
 */
export function peakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
