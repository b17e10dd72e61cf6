// The browser that the tests drive: where it is, and how to get it. LAMINATE_CHROMIUM names another one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** What to do where there is none. */
export const chromiumAdvice = "apt-get install chromium, or set LAMINATE_CHROMIUM to a Chrome";

/** The path of an installed browser; undefined when there is none. */
export function findChromium() {
  const { LAMINATE_CHROMIUM: given } = process.env;
  return [...(given ? [given] : []), ...places].find((path) => existsSync(path));
}

/** Installs Debian's chromium where that is possible (as root, with apt-get), and says so. */
export function provideChromium() {
  if (findChromium() !== undefined) return;
  const isRoot = process.getuid?.() === 0;
  if (process.platform === "linux" && isRoot && existsSync("/usr/bin/apt-get")) {
    console.log("installing chromium for the tests that run in a browser");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const aptGet = (...args) => spawnSync("apt-get", args, { env, stdio: "ignore" }).status === 0;
    const install = () => aptGet("install", "-y", "--no-install-recommends", "chromium");
    if (!install() && aptGet("update")) install();
  }
  if (findChromium() === undefined) {
    console.log(`there is no chromium, so tests that run in a browser are skipped: ${chromiumAdvice}`);
  }
}
