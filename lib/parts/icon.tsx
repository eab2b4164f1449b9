/** The drawings on buttons and rows, in the colour of the text around them; they mean nothing to a screen reader. */

/** Strokes in a square of 16. */
const drawings = {
  answer: 'M3 3.5h10v7H8l-3 2.5v-2.5H3z',
  arrowDown: 'M8 3v10M4 9l4 4 4-4',
  back: 'M10 3 5 8l5 5',
  bell: 'M8 2.5c2.3 0 3.7 1.6 3.7 3.8 0 3 1.3 4.2 1.3 4.2H3s1.3-1.2 1.3-4.2c0-2.2 1.4-3.8 3.7-3.8zM6.8 13h2.4',
  calendar: 'M2.5 4h11v9h-11zM2.5 6.8h11M5.3 2.5V5M10.7 2.5V5',
  chart: 'M2.5 4.5h4v3h-4zM9.5 9h4v3h-4zM6.5 6h1.7c.8 0 1.3.5 1.3 1.3v1.4',
  check: 'm3 8.5 3.2 3.2L13 4.8',
  chevron: 'm6 3.5 4.5 4.5L6 12.5',
  claim: 'M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.5c.4-2.4 2.4-3.8 5-3.8s4.6 1.4 5 3.8',
  clock: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2 1.3',
  copy: 'M5.5 5.5h7v7h-7zM10.5 5.5v-2h-7v7h2',
  cross: 'm4 4 8 8M12 4l-8 8',
  edit: 'M3 13l.6-2.6 7-7 2 2-7 7zM9.2 4.8l2 2',
  filter: 'M2.5 4.5h11M4.5 8h7M6.5 11.5h3',
  form: 'M3 3.5h10v9H3zM5.5 6.5h5M5.5 9.5h3',
  grant: 'M10.3 9a3.3 3.3 0 1 0-3.1-2.3L2.5 11.4v2.1h2.6v-1.8h1.8V9.9l.6-.6c.8-.2 1.8-.3 2.8-.3zM10.8 5.2v.1',
  help: 'M6 6.2c0-1.2.9-2 2-2s2 .8 2 1.9c0 1.5-2 1.7-2 3.2M8 11.7v.1',
  history: 'M3 8a5 5 0 1 0 1.6-3.7L3 5.8M3 3v2.8h2.8M8 5.5V8l1.8 1.2',
  inbox: 'M2.5 8.5 4.3 3.5h7.4l1.8 5v4h-11zM2.5 8.5H6l.8 1.7h2.4l.8-1.7h3.5',
  keyboard: 'M2 4.5h12v7H2zM4.5 7h.1M7 7h.1M9.5 7h.1M11.5 7h.1M5 9.3h6',
  lock: 'M4 7.5h8v5.5H4zM5.5 7.5V5.5a2.5 2.5 0 0 1 5 0v2',
  minus: 'M3.5 8h9',
  moon: 'M12.8 9.8A5.3 5.3 0 0 1 6.2 3.2a5.3 5.3 0 1 0 6.6 6.6z',
  offline:
    'M2.5 6.5A8 8 0 0 1 5.7 4.6M8.3 4.2a8 8 0 0 1 5.2 2.3M4.8 9A5 5 0 0 1 7 7.7M8 12.2v.1M3 2.5l10.5 11',
  people:
    'M6 7.5a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4zM2 13c.3-2.2 1.9-3.5 4-3.5s3.7 1.3 4 3.5M10.5 3.3a2.2 2.2 0 0 1 0 4.1M12 9.8c1.2.5 1.9 1.6 2.1 3.2',
  question:
    'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM6.5 6.5c0-.9.7-1.4 1.5-1.4s1.5.5 1.5 1.3c0 1.1-1.5 1.2-1.5 2.4M8 11v.1',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  send: 'M8 13V3.5M4 7.3l4-4 4 4',
  shield: 'M8 2.3l5 1.7v4c0 3-2 4.8-5 5.9-3-1.1-5-2.9-5-5.9V4z',
  stop: 'M4.5 4.5h7v7h-7z',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9',
  ticket: 'M2.5 4.5h11v2.2a1.3 1.3 0 0 0 0 2.6v2.2h-11V9.3a1.3 1.3 0 0 0 0-2.6zM9.5 4.5v7',
  warning: 'M8 2.8 14 13H2zM8 6.8v2.7M8 11.2v.1',
} as const;

export type IconName = keyof typeof drawings;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="hitl-icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={drawings[name]} />
    </svg>
  );
}
