/** Reads back where everything is in a drawn chart, and finds what lies upon something else. */
import { fonts, type Ink } from '../../lib/charts/text';
import { all, type Element, readXml } from './xml';

/** A rectangle, with what it is for the message of a failed test. */
export interface Area {
  readonly what: string;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A drawn chart. */
export interface Drawing {
  readonly document: Element;
  /** By the id of the state. */
  readonly states: ReadonlyMap<string, Area>;
  readonly labels: readonly Area[];
  readonly texts: readonly Area[];
  /** The straight parts of all arrows. */
  readonly ways: readonly Area[];
}

/** @throws Error when the drawing is not well-formed */
export function readDrawing(svg: string): Drawing {
  const document = readXml(svg);
  const states = new Map<string, Area>();
  const labels: Area[] = [];
  const texts: Area[] = [];
  const ways: Area[] = [];
  for (const group of document.children) {
    const [dx = 0, dy = 0] = (/translate\((\S+) (\S+)\)/.exec(group.attributes.transform ?? '') ?? [])
      .slice(1)
      .map(Number);
    for (const element of group.children) {
      const { class: kind = '', d = '' } = element.attributes;
      const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
        Number(element.attributes[name] ?? 0),
      );
      const area = (what: string, left = 0, top = 0, wide = 0, high = 0): Area => ({
        what,
        left: dx + left,
        top: dy + top,
        right: dx + left + wide,
        bottom: dy + top + high,
      });
      if (kind === 'box')
        states.set(group.attributes.id ?? '', area(group.attributes.id ?? '', x, y, width, height));
      if (kind === 'tag') {
        const ids = group.children.flatMap(({ attributes }) => attributes['data-transition'] ?? []);
        labels.push(area(`label of ${[...new Set(ids)].join(' ')}`, x, y, width, height));
      }
      if (element.name === 'text') {
        const { size } = fonts[kind.split(' ')[0] as Ink];
        // The capitals and the descenders of a line that stands on `y`.
        texts.push(
          area(element.text, x, (y ?? 0) - size * 0.75, Number(element.attributes.textLength), size),
        );
      }
      if (kind === 'arrow' && group.attributes.class?.startsWith('way'))
        ways.push(...segments(d, group.attributes['data-transition'] ?? ''));
    }
  }
  return { document, states, labels, texts, ways };
}

/** The words of a transition as drawn: its pieces in their order. */
export function wordsOf(drawing: Drawing, id: string): string {
  return all(drawing.document)
    .filter(
      ({ name, attributes }) => name === 'text' && attributes['data-transition']?.split(' ').includes(id),
    )
    .map(({ text }) => text)
    .join(' ');
}

/** Whether two areas share more than an edge. */
export function overlap(a: Area, b: Area): boolean {
  const slack = 0.5;
  return (
    a.left < b.right - slack &&
    b.left < a.right - slack &&
    a.top < b.bottom - slack &&
    b.top < a.bottom - slack
  );
}

/** Whether one area lies inside another. */
export function isInside(inner: Area, outer: Area): boolean {
  return (
    inner.left >= outer.left &&
    inner.top >= outer.top &&
    inner.right <= outer.right &&
    inner.bottom <= outer.bottom
  );
}

/** Everything in a drawing that lies upon something else where it should not; empty when all is well. */
export function collisions({ states, labels, texts, ways }: Drawing): string[] {
  const found: string[] = [];
  const report = (a: Area, b: Area): void => {
    if (overlap(a, b)) found.push(`${a.what} lies on ${b.what}`);
  };
  const each = <T>(list: readonly T[], judge: (a: T, b: T) => void) =>
    list.forEach((a, index) => {
      for (const b of list.slice(index + 1)) judge(a, b);
    });
  each(texts, report);
  each(labels, report);
  each([...states], ([id, a], [other, b]) => {
    const isNested = id.startsWith(`${other}.`) || other.startsWith(`${id}.`);
    if (!isNested) report(a, b);
    else if (!isInside(a, b) && !isInside(b, a)) found.push(`${id} is not inside ${other}`);
  });
  const leaves = [...states].filter(
    ([id]) => ![...states.keys()].some((other) => other.startsWith(`${id}.`)),
  );
  for (const label of labels) for (const [, leaf] of leaves) report(label, leaf);
  const onLabel = (text: Area) => labels.find((label) => isInside(text, label));
  for (const way of ways) {
    for (const label of labels) if (label.what !== `label of ${way.what}`) report(thick(way), label);
    for (const text of texts) if (!onLabel(text)) report(thick(way), text);
    for (const [, leaf] of leaves) if (!isAtEdge(way, leaf)) report(thick(way), leaf);
  }
  return found;
}

/** Whether a way ends at this state. */
function isAtEdge(way: Area, state: Area): boolean {
  return way.bottom <= state.top + 1 || way.top >= state.bottom - 1;
}

function thick({ what, left, top, right, bottom }: Area): Area {
  return { what: `the way of ${what}`, left: left - 1, top: top - 1, right: right + 1, bottom: bottom + 1 };
}

function segments(d: string, what: string): Area[] {
  const numbers = [...d.matchAll(/-?[\d.]+/g)].map(Number);
  const points = numbers.flatMap((x, index) => (index % 2 === 0 ? [{ x, y: numbers[index + 1] ?? 0 }] : []));
  return points.slice(1).map(({ x, y }, index) => {
    const before = points[index] ?? { x, y };
    return {
      what,
      left: Math.min(x, before.x),
      right: Math.max(x, before.x),
      top: Math.min(y, before.y),
      bottom: Math.max(y, before.y),
    };
  });
}
