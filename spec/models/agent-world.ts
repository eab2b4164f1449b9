/** What an agent made by chance has done and seen outside of the hub, over all the processes that it ran in; what runs its program writes here, and specs of durable turns read it. */

export class AgentWorld {
  /** Runs of each step's function that came to its end, by step. */
  readonly effects = new Map<string, number>();
  /** The same of steps that may run once. */
  readonly onceEffects = new Map<string, number>();
  /** What each leg's code was given, in order: by every process the same. */
  private readonly stories = new Map<number, string[]>();
  /** What was not as it must be. */
  readonly faults: string[] = [];
  /** What the code returned, each time it did. */
  readonly returned: string[] = [];
  /** Steps that were given up since their process had died in them. */
  unknowns = 0;

  effect(step: string, isOnce: boolean): void {
    const effects = isOnce ? this.onceEffects : this.effects;
    effects.set(step, (effects.get(step) ?? 0) + 1);
  }

  /** A reader of a leg's story from its beginning: each call of the code has one. */
  reader(leg: number): (seen: string) => void {
    const story = this.stories.get(leg) ?? [];
    this.stories.set(leg, story);
    let at = 0;
    return (seen) => {
      const before = story[at];
      if (before === undefined) story.push(seen);
      else if (before !== seen)
        this.faults.push(`leg ${leg} was given ${seen} at ${at}, and ${before} before`);
      at += 1;
    };
  }
}
