/** Numbers of cores that stand for all: 1, 2, 4, .. and the number itself. */
export function coreLadder(cores: number): readonly number[] {
  const values: number[] = [];
  for (let value = 1; value < cores; value *= 2) values.push(value);
  return [...values, cores];
}
