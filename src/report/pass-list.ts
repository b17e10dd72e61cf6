/** Pass sizes in short: equal neighbours are written once, `16, 8 ×3, 4`. */
export function passList(passes: readonly number[]): string {
  const runs: { pass: number; count: number }[] = [];
  for (const pass of passes) {
    const last = runs.at(-1);
    if (last?.pass === pass) last.count++;
    else runs.push({ pass, count: 1 });
  }
  return runs.map(({ pass, count }) => (count === 1 ? `${pass}` : `${pass} ×${count}`)).join(", ");
}
