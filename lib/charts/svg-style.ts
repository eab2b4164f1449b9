/** The stylesheet inside every SVG: one palette by daylight, one for dark screens, and the classes that a live page or a comparison sets. */
import type { Mark, Marks } from './mark';
import { fonts } from './text';

/** Colours by what they are for. */
interface Palette {
  paper: string;
  /** The fill of states with others inside, by depth; deeper ones repeat the last. */
  rooms: readonly [string, string, string];
  band: string;
  line: string;
  rule: string;
  arrow: string;
  ink: string;
  muted: string;
  event: string;
  deadline: string;
  guard: string;
  active: string;
  activeFill: string;
  added: string;
  addedFill: string;
  removed: string;
  removedFill: string;
  changed: string;
  changedFill: string;
}

const light: Palette = {
  paper: '#ffffff',
  rooms: ['#f6f8fa', '#edf1f5', '#e3e8ee'],
  band: '#ffffffb8',
  line: '#818b98',
  rule: '#d1d9e0',
  arrow: '#59636e',
  ink: '#1f2328',
  muted: '#59636e',
  event: '#0550ae',
  deadline: '#8a4b00',
  guard: '#7a3ec8',
  active: '#0969da',
  activeFill: '#ddf4ff',
  added: '#1a7f37',
  addedFill: '#dafbe1',
  removed: '#cf222e',
  removedFill: '#ffebe9',
  changed: '#9a6700',
  changedFill: '#fff8c5',
};

const dark: Palette = {
  paper: '#0d1117',
  rooms: ['#12171e', '#181e27', '#202833'],
  band: '#0d111799',
  line: '#6e7681',
  rule: '#30363d',
  arrow: '#9198a1',
  ink: '#e6edf3',
  muted: '#9ba4ae',
  event: '#79c0ff',
  deadline: '#e3b341',
  guard: '#d2a8ff',
  active: '#58a6ff',
  activeFill: '#0c2d6b',
  added: '#3fb950',
  addedFill: '#0f2d1a',
  removed: '#ff7b72',
  removedFill: '#3c1618',
  changed: '#d29922',
  changedFill: '#332606',
};

/** Rules that do not change with the light. Colours are written out, since not every program that draws SVG knows CSS variables. */
const shape = [
  `text{font-family:Helvetica,Arial,'Liberation Sans',sans-serif;text-rendering:geometricPrecision}`,
  ...Object.entries(fonts).map(
    ([ink, { size, bold }]) => `.${ink}{font-size:${size}px${bold ? ';font-weight:bold' : ''}}`,
  ),
  '.kind{font-style:italic}',
  '.arrow,.rule,.inset,.clock{fill:none}',
  '.box{stroke-width:1.2}.arrow{stroke-width:1.4}.clock{stroke-width:1.3}',
  '.region>.box{stroke-dasharray:6 4}',
  '.removed>text,text.removed{text-decoration:line-through}.removed>.sign,.sign.removed{text-decoration:none}.removed>.box,.removed>.arrow{stroke-dasharray:5 4}',
  '.added>.box,.removed>.box,.changed>.box,.active>.box,.added>.arrow,.removed>.arrow,.active>.arrow{stroke-width:2.2}',
  'text.active{text-decoration:underline}',
];
const seldomShape = [
  '.covered>.box,.partly>.box,.uncovered>.box,.covered>.arrow,.partly>.arrow,.uncovered>.arrow{stroke-width:2.2}',
  '.uncovered>.box,.uncovered>.arrow{stroke-dasharray:5 4}',
];

/** What every picture may be marked with later, by a class. */
const always = ['added', 'removed', 'changed', 'active'] as const;
type Class = (typeof always)[number];
/** The colours of the marks that only some pictures have. */
const seldom: Readonly<Record<Exclude<Mark, Class>, Class>> = {
  covered: 'added',
  partly: 'changed',
  uncovered: 'removed',
};

function colours(palette: Palette): string[] {
  return [
    `.paper{fill:${palette.paper}}`,
    `.box{fill:${palette.paper};stroke:${palette.line}}`,
    ...palette.rooms.map((room, depth) => `.room${depth}>.box{fill:${room}}`),
    `.band{fill:${palette.band}}.rule{stroke:${palette.rule}}.inset{stroke:${palette.line}}`,
    `.arrow{stroke:${palette.arrow}}.tip,.dot{fill:${palette.arrow}}`,
    `.tag{fill:${palette.paper};stroke:${palette.rule}}`,
    `text{fill:${palette.ink}}.prose,.kind,.order,.action{fill:${palette.muted}}`,
    `.event{fill:${palette.event}}.guard{fill:${palette.guard}}.deadline{fill:${palette.deadline}}.clock{stroke:${palette.deadline}}`,
    ...always.map((mark) => markColours(palette, mark, mark)),
  ];
}

function markColours(palette: Palette, mark: string, as: Class): string {
  const [colour, fill] = [palette[as], palette[`${as}Fill`]];
  return `.${mark}>.box{stroke:${colour}}.leaf.${mark}>.box{fill:${fill}}.${mark}>.arrow{stroke:${colour}}.${mark}>.tip,.${mark}>.title,text.${mark}{fill:${colour}}`;
}

function seldomColours(palette: Palette): string[] {
  return Object.entries(seldom).map(([mark, as]) => markColours(palette, mark, as));
}

/** The whole stylesheet, one rule set per line, for a picture with these marks. */
export function styleOf(marks: Marks): string {
  const hasSeldom = [...marks.values()].some((mark) => mark in seldom);
  const palette = (of: Palette) => [...colours(of), ...(hasSeldom ? seldomColours(of) : [])];
  return [
    ...shape,
    ...(hasSeldom ? seldomShape : []),
    ...palette(light),
    '@media (prefers-color-scheme:dark){',
    ...palette(dark),
    '}',
  ].join('\n');
}
