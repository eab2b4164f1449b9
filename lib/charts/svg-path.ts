/** Draws the way of an arrow as SVG path data: round corners, and a tip that is a shape of its own. */
import type { Point } from './layout';

/** A way along these points with round corners, ending where its tip begins. */
export function wayData(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const [before, after] = [points[index - 1], points[index + 1]];
      if (!before) return `M${pair(point)}`;
      if (!after) return `L${pair(towards(point, before, 6))}`;
      const radius = Math.min(8, distance(before, point) / 2, distance(point, after) / 2);
      return `L${pair(towards(point, before, radius))}Q${pair(point)} ${pair(towards(point, after, radius))}`;
    })
    .join('');
}

/** The tip at the end of such a way. */
export function tipData(points: readonly Point[]): string {
  const [end, before] = [points.at(-1), points.at(-2)];
  if (!end || !before) return '';
  const base = towards(end, before, 8);
  const [x, y] = [Math.sign(before.x - end.x), Math.sign(before.y - end.y)];
  const [left, right] = [-1, 1].map((side) => ({ x: base.x + y * side * 4, y: base.y + x * side * 4 }));
  return left && right ? `M${pair(end)}L${pair(left)}L${pair(right)}z` : '';
}

/** A number of pixels, to a tenth. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Ways run along the axes. */
function distance(a: Point, b: Point): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

/** The point `by` pixels from here on the straight way there. */
function towards(from: Point, to: Point, by: number): Point {
  return { x: from.x + Math.sign(to.x - from.x) * by, y: from.y + Math.sign(to.y - from.y) * by };
}

function pair({ x, y }: Point): string {
  return `${short(x)} ${short(y)}`;
}
