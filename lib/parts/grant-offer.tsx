/** What an approval may allow beyond this once, as the request offers it; nothing is granted unless the person chooses it. */
import { useId } from 'react';
import type { RequestView } from '../client';
import { askedBy, type Offer } from '../protocol/asked';
import { Icon } from './icon';
import { texts } from './texts';

/** The offers in a payload; none unless every one of them is one. */
export function offersOf(request: Pick<RequestView, 'type' | 'payload'>): readonly Offer[] {
  return askedBy(request).offers;
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
