/** Everything that can happen in a model: its states and, from each, every event that is to be tried; the path generators walk it. */
import type { AnyStateMachine, SnapshotFrom } from 'xstate';
import type { Step } from './model-options';
import type { PureModel } from './pure-model';
import { plainSnapshot } from './state-nodes';
import { describeState } from './wording';

/** One state of the model. */
export interface Vertex<M extends AnyStateMachine> {
  snapshot: SnapshotFrom<M>;
  /** One for each event that is tried here, in the order of the events. */
  edges: Edge<M>[];
  /** The last edge of the shortest way here; none at the beginning. */
  via?: Edge<M>;
}

export interface Edge<M extends AnyStateMachine> extends Step<M> {
  from: Vertex<M>;
  to: Vertex<M>;
}

/**
 * Breadth first, so that every `via` belongs to a shortest way.
 * @returns the vertices in the order in which they are reached
 * @throws Error when there are more than `maxStates`
 */
export function exploreGraph<M extends AnyStateMachine, S>(model: PureModel<M, S>): readonly Vertex<M>[] {
  const { maxStates = 10_000 } = model.options;
  const first: Vertex<M> = { snapshot: model.first(), edges: [] };
  const known = new Map([[model.keyOf(first.snapshot), first]]);
  const vertices = [first];
  for (const from of vertices) {
    for (const event of model.choices(from.snapshot)) {
      const step = model.step(from.snapshot, event);
      const key = model.keyOf(step.after);
      const to = known.get(key) ?? { snapshot: step.after, edges: [] };
      const edge = { ...step, from, to };
      from.edges.push(edge);
      if (known.has(key)) continue;
      to.via = edge;
      known.set(key, to);
      vertices.push(to);
      if (vertices.length > maxStates) throw new Error(tooMany(model.id, maxStates, to));
    }
  }
  return vertices;
}

/** The shortest way to a state. */
export function wayTo<M extends AnyStateMachine>(vertex: Vertex<M>): Edge<M>[] {
  const way: Edge<M>[] = [];
  for (let edge = vertex.via; edge; edge = edge.from.via) way.unshift(edge);
  return way;
}

function tooMany<M extends AnyStateMachine>(id: string, maxStates: number, last: Vertex<M>): string {
  const { value, context } = plainSnapshot<M>(last.snapshot);
  const example = `${describeState(value)} ${JSON.stringify(context)}`;
  return `The model ${id} has more than ${maxStates} states; what only grows belongs out of its \`key\`, or bounded by its cases. The last one: ${example}`;
}
