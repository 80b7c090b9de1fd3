/** The browser's storage; what it does not take, because it is forbidden or full, stays in memory. */

export function openStorage(open = () => localStorage) {
  try {
    return new Shelf(open());
  } catch {
    return new Shelf(null);
  }
}

/** As much of the Storage interface as Parlor needs. It never throws. */
export class Shelf {
  #memory = new Map();

  constructor(disk) {
    this.disk = disk;
  }

  keys() {
    return [...new Set([...Object.keys(this.disk ?? {}), ...this.#memory.keys()])];
  }

  getItem(key) {
    return this.#memory.get(key) ?? this.disk?.getItem(key) ?? null;
  }

  setItem(key, value) {
    this.#memory.set(key, value);
    try {
      this.disk?.setItem(key, value);
      if (this.disk) this.#memory.delete(key);
    } catch {
      // No room, or not any more: it lives as long as the page does.
    }
  }

  removeItem(key) {
    this.#memory.delete(key);
    this.disk?.removeItem(key);
  }
}
