/** Radio buttons of which one is chosen, as choices and unions show them. */
import type { ReactNode } from 'react';
import { type ControlProps, labelOf } from './form-control';
import { PlainText } from './plain-text';
import type { Field } from './schema-fields';

type Of = Pick<ControlProps, 'isCode' | 'box'> & { field: Field };

/** The frame around them, with what the field says of itself. */
export function RadioGroup({ of, children }: { of: Of; children: ReactNode }) {
  const { box } = of;
  return (
    <div
      className="hitl-choices"
      role="radiogroup"
      aria-label={labelOf(of)}
      aria-describedby={box['aria-describedby']}
      aria-required={box['aria-required']}
    >
      {children}
    </div>
  );
}

export interface RadioProps {
  box: ControlProps['box'];
  label: string;
  isChosen: boolean;
  choose(): void;
  /** For what is no value of its own, as "not set". */
  isSoft?: boolean;
}

export function Radio({ box, label, isChosen, choose, isSoft = false }: RadioProps) {
  return (
    <label className="hitl-choice">
      <input
        type="radio"
        name={box.id}
        aria-invalid={box['aria-invalid']}
        checked={isChosen}
        onChange={choose}
      />
      <span className={isSoft ? 'hitl-empty' : undefined}>
        <PlainText text={label} first={500} />
      </span>
    </label>
  );
}
