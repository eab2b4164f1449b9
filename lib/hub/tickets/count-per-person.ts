/** How many of something each person has, of which only those who have any cost memory; rooms count clients with it, inboxes those that are open. */
export class CountPerPerson {
  private readonly counts = new Map<string, number>();

  of(userId: string): number {
    return this.counts.get(userId) ?? 0;
  }

  add(userId: string): void {
    this.counts.set(userId, this.of(userId) + 1);
  }

  /** One that was added before. */
  remove(userId: string): void {
    const left = this.of(userId) - 1;
    if (left > 0) this.counts.set(userId, left);
    else this.counts.delete(userId);
  }
}
