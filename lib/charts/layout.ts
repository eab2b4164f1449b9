/** Gives every box, arrow and label of a picture its place; the drawing asks it. The arranging itself is done by ELK. */
import type { ELK, ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api';
import { isWithin, statesIn } from './chart';
import type { Arrow, Box, Picture } from './picture';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Place extends Point {
  readonly width: number;
  readonly height: number;
}

/** Where an arrow runs, from its state to its target, and where its label is. */
export interface Way {
  readonly points: readonly Point[];
  readonly label: Place;
}

/** Places in pixels, from the top left corner of the picture. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** By the id of a state or an arrow, for every one in the picture. */
  placeOf(id: string): Place;
  wayOf(id: string): Way;
  /** How far to the right a state's own text has moved so that no arrow runs through it. */
  shiftOf(id: string): number;
}

/** The room above an initial state, for the dot and its arrow. */
export const startHeight = 24;

const spacing = {
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.portPort': '24',
  'elk.layered.spacing.nodeNodeBetweenLayers': '24',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '12',
};

/** What the arranging needs to know of a picture beside its boxes and arrows. */
interface Facts {
  readonly initial: ReadonlySet<string>;
  /** Arrows against the order of the machine; ELK gets them turned round, so that what comes first in the machine is on top. */
  readonly back: ReadonlySet<string>;
}

/**
 * Arranges a picture from top to bottom. Nothing overlaps, and no arrow runs through text.
 * @throws Error when `elkjs` is not installed
 */
export async function layoutOf(picture: Picture): Promise<Layout> {
  const facts = factsOf(picture);
  const elk = newElk();
  // States whose text found no gap between the arrows that pass through; it gets a column of its own. Each round adds one at least.
  const columns = new Set<string>();
  for (;;) {
    const layout = read(picture, facts, await elk.layout(graphOf(picture, facts, columns)), columns);
    const blocked = boxesIn(picture.box).filter(({ state }) => layout.shiftOf(state.id) < 0);
    if (blocked.length === 0) return layout;
    for (const { state } of blocked) columns.add(state.id);
  }
}

function newElk(): ELK {
  try {
    const { default: Elk } = require('elkjs/lib/elk.bundled.js') as typeof import('elkjs/lib/elk.bundled.js');
    return new Elk();
  } catch (cause) {
    throw new Error('Drawing needs the package elkjs: npm install --save-dev elkjs', { cause });
  }
}

function factsOf({ box, arrows }: Picture): Facts {
  const states = statesIn(box.state);
  const order = new Map(states.map(({ id }, index) => [id, index]));
  const isBack = ({ from, to }: Arrow) =>
    !isWithin(to, from) && (isWithin(from, to) || (order.get(from) ?? 0) > (order.get(to) ?? 0));
  return {
    initial: new Set(states.flatMap(({ initial }) => initial ?? [])),
    back: new Set(arrows.filter(isBack).map(({ id }) => id)),
  };
}

function graphOf({ box, arrows }: Picture, { initial, back }: Facts, columns: ReadonlySet<string>): ElkNode {
  const tags = (of: string): ElkNode[] =>
    arrows
      .filter((arrow) => arrow.from === of && isInward(arrow))
      .map(({ id, width, height }) => ({ id, width, height }));
  const node = ({ state, width, height: own, inner }: Box): ElkNode => {
    const height = own + (initial.has(state.id) ? startHeight : 0);
    if (inner.length === 0) return { id: state.id, width, height };
    return {
      id: state.id,
      layoutOptions: {
        ...spacing,
        'elk.padding': `[top=${height + 14},left=${columns.has(state.id) ? width + 18 : 18},bottom=18,right=18]`,
        'elk.nodeSize.constraints': '[MINIMUM_SIZE]',
        // ELK takes the minimum of a state with others inside before it turns the graph to run downwards: height first.
        'elk.nodeSize.minimum': `(${height},${width})`,
      },
      children: [...tags(state.id), ...inner.map(node)],
    };
  };
  const edge = (arrow: Arrow): ElkExtendedEdge => {
    const { id, from, to, width, height } = arrow;
    if (isInward(arrow)) return { id, sources: [id], targets: [to] };
    const label = { text: ' ', width, height, layoutOptions: { 'elk.edgeLabels.inline': 'true' } };
    const [source, target] = back.has(id) ? [to, from] : [from, to];
    return { id, sources: [source], targets: [target], labels: [label] };
  };
  return {
    id: ' ',
    layoutOptions: {
      ...spacing,
      'elk.algorithm': 'layered',
      'elk.direction': 'DOWN',
      'elk.edgeRouting': 'ORTHOGONAL',
      'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
      'elk.json.edgeCoords': 'ROOT',
      'elk.json.shapeCoords': 'ROOT',
      'elk.padding': '[top=8,left=8,bottom=8,right=8]',
    },
    children: [node(box)],
    edges: arrows.map(edge),
  };
}

function read(
  picture: Picture,
  { initial, back }: Facts,
  placed: ElkNode,
  columns: ReadonlySet<string>,
): Layout {
  const places = new Map<string, Place>();
  const visit = (node: ElkNode): void => {
    const start = initial.has(node.id) ? startHeight : 0;
    const { x, y, width, height } = placeOf(node);
    places.set(node.id, { x, y: y + start, width, height: height - start });
    node.children?.forEach(visit);
  };
  placed.children?.forEach(visit);

  const boxes = new Map(boxesIn(picture.box).map((box) => [box.state.id, box]));
  const edges = new Map(placed.edges?.map((edge) => [edge.id, edge]));
  const ways = new Map<string, Way>();
  for (const arrow of picture.arrows) {
    const { id, from, to } = arrow;
    const edge = edges.get(id);
    const points = (edge?.sections ?? [])
      .flatMap(({ startPoint, bendPoints, endPoint }) => [startPoint, ...(bendPoints ?? []), endPoint])
      .map(({ x, y }) => ({ x: tenth(x), y: tenth(y) }));
    if (back.has(id)) points.reverse();
    const tag = isInward(arrow) ? places.get(id) : undefined;
    // ELK ends an arrow above the dot of an initial state; it goes on to the box.
    for (const [point, end] of [
      [points[0], from],
      [points.at(-1), to],
    ] as const) {
      if (point) point.y = Math.max(point.y, found(places, end).y);
    }
    ways.set(id, { points, label: tag ?? placeOf(edge?.labels?.[0] ?? {}) });
  }

  const shifts = new Map<string, number>();
  for (const [id, box] of boxes) {
    if (box.inner.length > 0 && !columns.has(id))
      shifts.set(id, gapFor(box, found(places, id), [...ways.values()]));
  }
  const { width, height } = placeOf(placed);
  return {
    width,
    height,
    placeOf: (id) => found(places, id),
    wayOf: (id) => found(ways, id),
    shiftOf: (id) => shifts.get(id) ?? 0,
  };
}

/** The leftmost gap wide enough for a state's own text between the arrows that run through that height; -1 if there is none. */
function gapFor(box: Box, place: Place, ways: readonly Way[]): number {
  const crossing = ways.flatMap(({ points }) =>
    points.flatMap((point, index) => {
      const next = points[index + 1];
      const [top, bottom] = next ? [Math.min(point.y, next.y), Math.max(point.y, next.y)] : [0, 0];
      const isThrough = next && point.x === next.x && top < place.y + box.height && bottom > place.y;
      return isThrough && point.x > place.x && point.x < place.x + place.width ? [point.x - place.x] : [];
    }),
  );
  const walls = [...crossing.sort((a, b) => a - b), place.width];
  const starts = [0, ...crossing];
  return starts.find((start, index) => (walls[index] ?? 0) - start >= box.width) ?? -1;
}

/** Whether an arrow leads from a state to one inside it. It starts at its label, which says where it applies. */
function isInward({ from, to }: Arrow): boolean {
  return isWithin(to, from);
}

function boxesIn(box: Box): readonly Box[] {
  return [box, ...box.inner.flatMap(boxesIn)];
}

function placeOf({ x = 0, y = 0, width = 0, height = 0 }: Partial<Place>): Place {
  return { x: tenth(x), y: tenth(y), width: tenth(width), height: tenth(height) };
}

/** A tenth of a pixel is enough; without the last digits what is meant to be on one line is, and machines do not differ. */
function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function found<T>(places: ReadonlyMap<string, T>, id: string): T {
  const place = places.get(id);
  if (place === undefined) throw new Error(`The layout has no place for ${id}`);
  return place;
}
