/** What an approval may allow beyond this once, as the request offers it; nothing is granted unless somebody chooses it. */
import { useId } from 'react';
import type { RequestView } from '../client';
import { Icon } from './icon';
import { texts } from './texts';

/** One offer: the same call, or any call of the tool; here or everywhere; for how long and how often. */
export interface Offer {
  scope: 'ticket' | 'everywhere';
  args: 'exact' | 'any';
  expires_in_ms?: number;
  uses?: number;
}

/** The offers in a payload; what is none is left out. */
export function offersOf({ payload }: Pick<RequestView, 'payload'>): Offer[] {
  return Array.isArray(payload?.grants) ? payload.grants.filter(isOffer) : [];
}

interface GrantOfferProps {
  offers: readonly Offer[];
  /** The place of the one that was chosen; none for just this once. */
  chosen: number | undefined;
  onChoose(at: number | undefined): void;
}

export function GrantOffer({ offers, chosen, onChoose }: GrantOfferProps) {
  const name = useId();
  return (
    <fieldset className="hitl-grants">
      <legend>
        <Icon name="grant" /> {texts.grantScope}
      </legend>
      <div className="hitl-choices">
        <label className="hitl-choice">
          <input
            type="radio"
            name={name}
            checked={chosen === undefined}
            onChange={() => onChoose(undefined)}
          />
          {texts.justThisOnce}
        </label>
        {offers.map((offer, at) => (
          <label key={JSON.stringify(offer)} className="hitl-choice">
            <input type="radio" name={name} checked={chosen === at} onChange={() => onChoose(at)} />
            {texts.offer(offer)}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function isOffer(value: unknown): value is Offer {
  return (
    typeof value === 'object' &&
    value !== null &&
    'scope' in value &&
    (value.scope === 'ticket' || value.scope === 'everywhere') &&
    'args' in value &&
    (value.args === 'exact' || value.args === 'any')
  );
}
