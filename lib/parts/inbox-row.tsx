/** One request in the inbox, in two lines: what is asked, of which values, where, by whom, since when and for how long still. */
import { memo } from 'react';
import type { RequestView } from '../client';
import { agreementOf } from '../protocol/agreement';
import { visibleText } from '../protocol/visible-text';
import { Countdown } from './countdown';
import { DisplayLine } from './display-note';
import { Face } from './face';
import { Glance } from './glance';
import { Icon } from './icon';
import { PlainLine } from './plain-text';
import { stageOf, useClaim, whyAlone } from './right-to-answer';
import { optionsOf, subjectOf, titleOf, toolOf } from './subject';
import { texts } from './texts';
import { Ago } from './times';

interface InboxRowProps {
  request: RequestView;
  isSelected: boolean;
  isChecked: boolean;
  /** Whether it can be answered together with those that are checked. */
  canCheck: boolean;
  onSelect(id: string): void;
  onCheck(id: string): void;
}

export const InboxRow = memo(function InboxRow(props: InboxRowProps) {
  const { request, isSelected, isChecked, canCheck, onSelect, onCheck } = props;
  const { icon, title, isCode, values, rest } = subjectOf(request);
  const alone = whyAlone(request);
  const claim = useClaim(request);
  const { approvals: needed = 1 } = stageOf(request);
  const { agreed } = agreementOf(request);
  const isTool = toolOf(request) !== undefined;
  return (
    <li className="hitl-inbox-row" data-row={request.id} data-selected={isSelected || undefined}>
      {isTool && (
        <input
          type="checkbox"
          aria-label={texts.check(titleOf(request))}
          title={alone}
          checked={isChecked}
          disabled={alone !== undefined || (!canCheck && !isChecked)}
          onChange={() => onCheck(request.id)}
        />
      )}
      <button
        type="button"
        className="hitl-inbox-open"
        aria-current={isSelected || undefined}
        onClick={() => onSelect(request.id)}
      >
        <span className="hitl-inbox-icon">
          <Icon name={icon} />
        </span>
        <span className="hitl-inbox-title">
          <b className={isCode ? 'hitl-code' : undefined}>
            <PlainLine text={title} />
          </b>
          {claim && (
            <span title={texts.claimedBy(visibleText(claim.display_name, 100))}>
              <Face name={claim.display_name} id={claim.user_id} />
              <span className="hitl-hidden">{texts.claimedBy(visibleText(claim.display_name, 100))}</span>
            </span>
          )}
          {needed > 1 && (
            <small title={texts.approvalsSoFar(agreed, needed)}>
              {agreed}/{needed}
            </small>
          )}
          <span className="hitl-push" />
          {request.expires_at === undefined ? (
            <Ago at={request.created_at} />
          ) : (
            <Countdown request={request} />
          )}
        </span>
        <span className="hitl-inbox-glance">
          {values ? (
            <Glance values={{ ...values, ...rest }} />
          ) : (
            <PlainLine text={optionsOf(request).join(' · ') || texts.freeText} />
          )}
        </span>
        <DisplayLine display={request.display} />
        {request.asker === 'gone' && <span className="hitl-inbox-gone">{texts.askerGoneShort}</span>}
        <span className="hitl-inbox-meta">
          <PlainLine text={request.ticket_id} most={60} />
          {request.user_id !== undefined && (
            <>
              {' · '}
              <PlainLine text={request.user_id} most={60} />
            </>
          )}
          {request.expires_at !== undefined && (
            <>
              {' · '}
              <Ago at={request.created_at} />
            </>
          )}
        </span>
      </button>
    </li>
  );
});
