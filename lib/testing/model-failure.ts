/** The message of a test that fails because the system does not do what the model says: the steps that led there, as a person reads them. */
import type { AnyStateMachine, EventFromLogic } from 'xstate';
import type { Path } from './model-options';
import { plainSnapshot } from './state-nodes';
import { describe, describeEvent, describeState } from './wording';

/** Where and how a system left the model. */
export interface Finding {
  /** The step after which it was seen, from 0; -1: at the beginning. */
  at: number;
  /** `perform` for an error thrown, `reply`, `view`, or the state whose test failed. */
  what: string;
  expected?: unknown;
  observed?: unknown;
  cause?: unknown;
  /** How many of the last steps were done at the same time. Default: one. */
  together?: number;
  /** It held at first, and no more after the system was restarted. */
  afterRestart: boolean;
}

/** How the failing path was found, and how to find it again. */
export interface Search {
  /** Events of the path that failed first. */
  firstLength: number;
  /** Shorter ones that were tried. */
  tried: number;
  /** Of walks by chance; the same seed finds it again. */
  seed?: number;
}

export class ModelFailure<M extends AnyStateMachine = AnyStateMachine> extends Error {
  override readonly name = 'ModelFailure';
  /** The shortest sequence found that fails; `model.pathOf` walks it again. */
  readonly events: readonly EventFromLogic<M>[];

  constructor(
    modelId: string,
    readonly path: Path<M>,
    readonly finding: Finding,
    readonly search: Search,
  ) {
    super(
      [
        `${modelId}: the system does not do what the model says`,
        ...lines(path, finding),
        ...origin(search),
      ].join('\n'),
      {
        cause: finding.cause,
      },
    );
    this.events = path.steps.map(({ event }) => event);
  }
}

function lines<M extends AnyStateMachine>({ origin, steps }: Path<M>, finding: Finding): string[] {
  const width = Math.max(0, ...steps.map(({ event }) => describeEvent(event).length));
  const { at, together = 1 } = finding;
  const walked = steps.slice(0, at + 1).map(({ event, after, emitted }, index) => {
    const mark = index + together > at ? '✗' : ' ';
    if (together > 1 && index + together > at) return `${mark}      ${describeEvent(event)}`;
    const told = emitted.map((each) => describeEvent(each)).join(', ');
    const now = `${describeState(plainSnapshot<M>(after).value)}${told && ` (${told})`}`;
    return `${mark} ${String(index + 1).padStart(3)}  ${describeEvent(event).padEnd(width)}  → ${now}`;
  });
  return [
    '',
    `     begins in ${describeState(plainSnapshot<M>(origin).value)}`,
    ...walked,
    '',
    ...reasons(finding),
  ];
}

function reasons({ at, what, expected, observed, cause, afterRestart }: Finding): string[] {
  const when = at < 0 ? 'at the beginning' : `after step ${at + 1}`;
  const heading = `${when}${afterRestart ? ' and a restart' : ''}`;
  if (what === 'reply' || what === 'view')
    return [
      `${heading}, the ${what}:`,
      `  the model says   ${describe(expected)}`,
      `  the system says  ${describe(observed)}`,
    ];
  const message = cause instanceof Error ? cause.message : String(cause);
  return [
    `${heading}, ${what === 'perform' ? 'carrying it out threw' : `in ${what}`}:`,
    `  ${message.replaceAll('\n', '\n  ')}`,
  ];
}

function origin({ firstLength, tried, seed }: Search): string[] {
  return [
    '',
    `Shortest failing sequence found, from one of ${firstLength} steps; ${tried} shorter ones were tried.`,
    ...(seed === undefined ? [] : [`Seed ${seed} finds it again.`]),
  ];
}
