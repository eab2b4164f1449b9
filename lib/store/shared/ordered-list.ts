/** A list that stays in order as items are added and removed; the memory store's indexes. */

/** Below 0 if `a` comes before `b`; 0 only for an item and itself. */
export type Compare<Place> = (a: Place, b: Place) => number;

/** Items in the order of their places; an item's place must not change while it is in the list. */
export class OrderedList<Place, T extends Place> {
  private readonly items: T[] = [];

  constructor(private readonly compare: Compare<Place>) {}

  get size(): number {
    return this.items.length;
  }

  /** Adds an item that is not in the list. */
  add(item: T): void {
    this.items.splice(this.after(item), 0, item);
  }

  /** Takes an item out; nothing happens if it is not there. */
  remove(item: T): void {
    const index = this.after(item) - 1;
    if (this.items[index] === item) this.items.splice(index, 1);
  }

  first(): T | undefined {
    return this.items[0];
  }

  /** In order, from the first that comes after `place`; without one, all. */
  *from(place?: Place): Generator<T> {
    for (let index = place === undefined ? 0 : this.after(place); index < this.items.length; index++) {
      const item = this.items[index];
      if (item !== undefined) yield item;
    }
  }

  /** In reverse order, from the last that comes before `place`. */
  *backFrom(place: Place): Generator<T> {
    for (let index = this.after(place) - 1; index >= 0; index--) {
      const item = this.items[index];
      if (item !== undefined && this.compare(item, place) < 0) yield item;
    }
  }

  /** The index behind everything that does not come after `place`. */
  private after(place: Place): number {
    let low = 0;
    let high = this.items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.items[middle];
      if (item !== undefined && this.compare(item, place) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
