/** Ways through a model: every event in every state, every state, every way without a circle, or a walk by chance; models hand them out. */
import type { AnyStateMachine, EventFromLogic } from 'xstate';
import type { Path } from './model-options';
import type { PureModel } from './pure-model';
import { seededRandom } from './seeded-random';
import { type Edge, type Vertex, wayTo } from './state-graph';

type Events<M extends AnyStateMachine> = EventFromLogic<M>[];

/** How far simple paths go. */
export interface SimplePathBounds {
  /** Events in one path. Default 8. */
  maxSteps?: number;
  /** Default 1,000; then there are more, and the first are given. */
  maxPaths?: number;
}

export interface RandomWalkOptions {
  /** The same seed gives the same walks. Default 1. */
  seed?: number;
  /** How many. Default 50. */
  walks?: number;
  /** Events in each, unless the model ends before. Default 30. */
  steps?: number;
}

/**
 * Every event with every payload in every state, once at least. A path goes the shortest way to a state that still has
 * something to try, and tries on its way whatever changes nothing: so a refused event is sent too, and what comes after it
 * shows whether it really changed nothing.
 */
export function edgePaths<M extends AnyStateMachine>(vertices: readonly Vertex<M>[]): Events<M>[] {
  const done = new Set<Edge<M>>();
  const paths: Events<M>[] = [];
  const walk = (way: readonly Edge<M>[]) => {
    const events: Events<M> = [];
    const take = (edge: Edge<M>) => {
      done.add(edge);
      events.push(edge.event);
    };
    const linger = (vertex: Vertex<M> | undefined) => {
      for (const edge of vertex?.edges ?? []) if (edge.to === vertex && !done.has(edge)) take(edge);
    };
    linger(vertices[0]);
    for (const edge of way) {
      take(edge);
      linger(edge.to);
    }
    if (events.length > 0) paths.push(events);
  };
  // The farthest first: their ways lead over most of the others.
  for (const vertex of vertices.toReversed()) {
    const way = wayTo(vertex);
    const leading = vertex.edges.filter(({ to }) => to !== vertex);
    for (const edge of leading) if (!done.has(edge)) walk([...way, edge]);
    if (vertex.edges.some((edge) => !done.has(edge)) || (vertex.via && !done.has(vertex.via))) walk(way);
  }
  return paths.sort((a, b) => a.length - b.length);
}

/** The shortest way to every state; ways that are the beginning of another are left out. */
export function shortestPaths<M extends AnyStateMachine>(vertices: readonly Vertex<M>[]): Events<M>[] {
  const passed = new Set(vertices.flatMap(({ via }) => (via ? [via.from] : [])));
  return vertices
    .filter((vertex) => !passed.has(vertex))
    .map((vertex) => wayTo(vertex).map(({ event }) => event));
}

/** Every way that comes to no state twice, shortest first, up to the bounds. */
export function simplePaths<M extends AnyStateMachine>(
  vertices: readonly Vertex<M>[],
  { maxSteps = 8, maxPaths = 1_000 }: SimplePathBounds = {},
): Events<M>[] {
  const [first] = vertices;
  const paths: Events<M>[] = [];
  let ways: { edges: readonly Edge<M>[]; at: Vertex<M> }[] = first ? [{ edges: [], at: first }] : [];
  for (let length = 1; length <= maxSteps && ways.length > 0; length += 1) {
    const longer: typeof ways = [];
    for (const { edges, at } of ways) {
      for (const edge of at.edges) {
        if (edge.to === first || edges.some(({ to }) => to === edge.to)) continue;
        if (paths.length === maxPaths) return paths;
        const way = [...edges, edge];
        paths.push(way.map(({ event }) => event));
        longer.push({ edges: way, at: edge.to });
      }
    }
    ways = longer;
  }
  return paths;
}

/** Walks by chance; they need no finite model. Each type of event is as likely as the others, however many payloads it has. */
export function randomWalks<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  { seed = 1, walks = 50, steps = 30 }: RandomWalkOptions = {},
): Path<M>[] {
  const random = seededRandom(seed);
  const oneOf = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
  return Array.from({ length: walks }, () => {
    const events: Events<M> = [];
    let snapshot = model.first();
    while (events.length < steps) {
      const choices = model.choices(snapshot);
      const type = oneOf([...new Set(choices.map((event) => event.type))]);
      const event = oneOf(choices.filter((choice) => choice.type === type));
      if (!event) break;
      events.push(event);
      snapshot = model.step(snapshot, event).after;
    }
    return { ...model.pathOf(events), seed };
  });
}
