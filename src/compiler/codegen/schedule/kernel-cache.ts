/**
 * Kernels by what they are made of. Layers of a network repeat, and most of the time of compiling went into code that then
 * turned out to be there already; the description of a kernel is far smaller than its code.
 */
import { structureKey } from "../../../base/structure-key.ts";

export class KernelCache {
  private readonly kernels = new Map<string, unknown>();

  /** The kernel of this kind and description (plain data that says all that `make` goes by): made once. */
  once<K extends object>(kind: string, description: readonly unknown[], make: () => K): K {
    const key = `${kind} ${structureKey(description)}`;
    // Of one kind, all are of one type.
    const old = this.kernels.get(key) as K | undefined;
    if (old !== undefined) return old;
    const kernel = make();
    this.kernels.set(key, kernel);
    return kernel;
  }
}
