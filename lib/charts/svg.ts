/** Draws a laid-out chart as an SVG that stands alone: no script, no font, nothing fetched, light or dark as the reader's screen. */
import type { Chart, ChartState } from './chart';
import type { Text } from './column';
import { type Layout, layoutOf, startHeight } from './layout';
import { type Legend, type Marks, signs } from './mark';
import { mark as ours } from './markdown';
import { type Arrow, type Box, pictureOf } from './picture';
import { short, tipData, wayData } from './svg-path';
import { styleOf } from './svg-style';
import { lineHeight, type Run, runWidth } from './text';

/**
 * The picture of a chart. States carry their id; all that belongs to a transition carries its id in `data-transition`, so that a page can
 * highlight both by the class `active`. The same chart gives the same bytes, everywhere.
 * @param marks what to show as added, removed or changed, as `unionOf` says it, or as covered or not; default: nothing
 * @param legend what to write above the picture; default: nothing
 * @throws Error when the optional package `elkjs` is not installed
 */
export async function svgOf(chart: Chart, marks: Marks = new Map(), legend?: Legend): Promise<string> {
  const picture = pictureOf(chart, marks);
  const drawing: Drawing = { layout: await layoutOf(picture), marks };
  const head = legend ? headOf(legend) : { elements: [], width: 0, height: 0 };
  const width = Math.ceil(Math.max(drawing.layout.width, head.width));
  const height = Math.ceil(drawing.layout.height) + head.height;
  // The legend stands above the chart's own corner, so that every place in the chart stays what it is without one.
  const top = head.height > 0 ? -head.height : 0;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 ${top} ${width} ${height}" role="img">`,
    `<!-- ${ours} -->`,
    `<title>${escaped(chart.id)}</title>`,
    ...(chart.root.description ? [`<desc>${escaped(chart.root.description)}</desc>`] : []),
    `<style>\n${styleOf(marks)}\n</style>`,
    `<rect class="paper"${top < 0 ? ` y="${top}"` : ''} width="${width}" height="${height}"/>`,
    ...head.elements,
    ...boxes(picture.box, drawing, 0),
    ...picture.arrows.map((arrow) => way(arrow, drawing)),
    ...picture.arrows.flatMap((arrow) => label(arrow, drawing)),
    '</svg>',
  ].join('\n')}\n`;
}

interface Drawing {
  readonly layout: Layout;
  readonly marks: Marks;
}

/** The line above the picture, each mark with a patch of its colour; `height` is how far above the chart it begins. */
function headOf({ text, marks }: Legend): { elements: string[]; width: number; height: number } {
  const height = 40;
  const elements: string[] = [];
  let x = 14;
  const write = (run: Run) => {
    elements.push(...written({ x, y: 22 - height, lines: [[run]], indent: 0 }, new Map()));
    x += runWidth(run) + 22;
  };
  write({ text, ink: 'title' });
  for (const { mark, meaning } of marks) {
    elements.push(
      `<g class="leaf ${mark}" transform="translate(${short(x)} ${14 - height})"><rect class="box" width="16" height="16" rx="4"/></g>`,
    );
    x += 22;
    write({ text: `${signs[mark]}${meaning}`, ink: 'action' });
  }
  return { elements, width: x, height };
}

/** A state and those inside it; side by side in the file, so that what is set on one does not colour the others. */
function boxes(box: Box, drawing: Drawing, depth: number, parent?: ChartState): string[] {
  const { state, inner } = box;
  const { x, y, width, height } = drawing.layout.placeOf(state.id);
  const shift = drawing.layout.shiftOf(state.id);
  const classes = [
    'state',
    state.type,
    inner.length > 0 ? `room${Math.min(depth, 2)}` : 'leaf',
    parent?.type === 'parallel' ? 'region' : '',
    drawing.marks.get(state.id) ?? '',
  ];
  return [
    `<g id="${attribute(state.id)}" class="${classes.filter((each) => each !== '').join(' ')}" transform="translate(${short(x)} ${short(y)})">`,
    ...(parent?.initial === state.id ? [start()] : []),
    `<rect class="box" width="${short(width)}" height="${short(height)}" rx="8"/>`,
    ...(state.type === 'final'
      ? [
          `<rect class="inset" x="3.5" y="3.5" width="${short(width - 7)}" height="${short(height - 7)}" rx="5"/>`,
        ]
      : []),
    ...(inner.length > 0 ? band(width, box.height) : []),
    ...(box.divider === undefined
      ? []
      : [`<path class="rule" d="M12 ${box.divider}H${short(width - 12)}"/>`]),
    ...box.texts.flatMap((each) => written({ ...each, x: each.x + shift }, drawing.marks)),
    '</g>',
    ...inner.flatMap((each) => boxes(each, drawing, depth + 1, state)),
  ];
}

/** The dot and the arrow above a state that is entered first. */
function start(): string {
  const points = [
    { x: 18, y: 5 - startHeight },
    { x: 18, y: 0 },
  ];
  return `<circle class="dot" cx="18" cy="${5 - startHeight}" r="5"/><path class="arrow" d="${wayData(points)}"/><path class="tip" d="${tipData(points)}"/>`;
}

/** The lighter ground behind the own text of a state with others inside. */
function band(width: number, height: number): string[] {
  const right = short(width - 0.6);
  return [
    `<path class="band" d="M.6 8Q.6 .6 8 .6H${short(width - 8)}Q${right} .6 ${right} 8V${height}H.6z"/>`,
    `<path class="rule" d="M.6 ${height}H${right}"/>`,
  ];
}

function way(arrow: Arrow, { layout, marks }: Drawing): string {
  const ids = arrow.transitions.map(({ id }) => id);
  const { points } = layout.wayOf(arrow.id);
  return `<g class="way${markOf(ids, marks)}"${of(ids)}><path class="arrow" d="${wayData(points)}"/><path class="tip" d="${tipData(points)}"/></g>`;
}

function label(arrow: Arrow, { layout, marks }: Drawing): string[] {
  const { x, y, width, height } = layout.wayOf(arrow.id).label;
  return [
    `<g transform="translate(${short(x)} ${short(y)})"><rect class="tag" width="${short(width)}" height="${short(height)}" rx="5"/>`,
    ...arrow.texts.flatMap((each) => written(each, marks)),
    '</g>',
  ];
}

/** Every run has its own place and length, so that another font than the one measured changes the look and never the place. */
function written({ x, y, lines, indent }: Text, marks: Marks): string[] {
  return lines.flatMap((line, index) => {
    let left = x + (index > 0 ? indent : 0);
    return line.map((run) => {
      const at = left;
      left += runWidth(run);
      return runElement(run, at, y + index * lineHeight, marks);
    });
  });
}

function runElement(run: Run, x: number, y: number, marks: Marks): string {
  const { ink, of: ids = [] } = run;
  const attributes = `class="${ink}${markOf(ids, marks)}"${of(ids)}`;
  if (ink === 'clock') {
    return `<path ${attributes} d="M${short(x + 10)} ${short(y)}a5 5 0 1 1-10 0a5 5 0 1 1 10 0M${short(x + 5)} ${short(y - 3)}v3.5h2.5"/>`;
  }
  const text = run.text.trim();
  const length = short(runWidth({ ...run, text }));
  return `<text ${attributes} x="${short(x)}" y="${short(y + 4)}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(text)}</text>`;
}

/** The mark that all of these share, as a further class. */
function markOf(ids: readonly string[], marks: Marks): string {
  const [first, ...others] = new Set(ids.map((id) => marks.get(id)));
  return first && others.length === 0 ? ` ${first}` : '';
}

function of(ids: readonly string[]): string {
  return ids.length > 0 ? ` data-transition="${ids.map(attribute).join(' ')}"` : '';
}

function escaped(value: string): string {
  return value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** An id as an attribute can carry it in a list: without white space. */
function attribute(id: string): string {
  return escaped(id.replace(/\s/g, '_'));
}
