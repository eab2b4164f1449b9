/** How a request ended: what was decided, by whom, when, with which words, and what came of it. */
import type { RequestView } from '../client';
import { offersOf } from './grant-offer';
import { Icon, type IconName } from './icon';
import { PlainText } from './plain-text';
import { toolOf } from './subject';
import { texts } from './texts';
import { Ago, At } from './times';
import { ValueTree } from './value-tree';

const icons: Readonly<Record<string, IconName>> = {
  approved: 'check',
  denied: 'cross',
  expired: 'clock',
  cancelled: 'minus',
  superseded: 'history',
};

export function RequestOutcome({ request }: { request: RequestView }) {
  const { status, response = {}, responded_by: by, responded_at: at, reason, execution } = request;
  const { comment, answer, tool_args: args, grant, ...others } = response;
  // The card shows edited arguments above, compared with those that were asked.
  const content =
    toolOf(request) === undefined && args !== undefined ? { tool_args: args, ...others } : others;
  return (
    <section className="hitl-outcome" data-status={status}>
      <p className="hitl-outcome-line">
        <Icon name={icons[status] ?? 'minus'} />
        <span>
          <b>
            {texts.outcomeOf(request.type, status)}
            {by && <> {texts.by} </>}
            {by && <PlainText text={by.display_name} first={100} />}
          </b>{' '}
          {at !== undefined && <Ago at={at} />}
        </span>
      </p>
      {typeof answer === 'string' && (
        <p className="hitl-answer">
          <PlainText text={answer} />
        </p>
      )}
      {Object.keys(content).length > 0 && <ValueTree value={content} />}
      {typeof comment === 'string' && (
        <blockquote>
          <PlainText text={comment} />
        </blockquote>
      )}
      {reason !== undefined && (
        <p className="hitl-soft">
          <PlainText text={reason} first={500} />
        </p>
      )}
      <Grants request={request} />
      {status === 'approved' && request.asker === 'gone' && !execution && (
        <p className="hitl-problem">
          <Icon name="warning" />
          <span>{texts.neverRanGone}</span>
        </p>
      )}
      {execution && (
        <p className="hitl-execution" data-state={execution.state}>
          <span className="hitl-dot" />
          <span>
            {texts.execution[execution.state]} <Ago at={execution.ended_at ?? execution.started_at} />
            {execution.error !== undefined && (
              <>
                {': '}
                <PlainText text={execution.error} first={500} />
              </>
            )}
          </span>
        </p>
      )}
    </section>
  );
}

/** What was allowed beyond this once, and what allowed this. */
function Grants({ request: { response, grant, used_grant: used, payload, type } }: { request: RequestView }) {
  const offer = typeof response?.grant === 'number' ? offersOf({ type, payload })[response.grant] : undefined;
  return (
    <>
      {response?.grant !== undefined && (
        <p className="hitl-soft">
          <Icon name="grant" /> {texts.grantGiven}
          {offer && <>: {texts.offer(offer)}</>}
          {grant && (
            <>
              {', '}
              {texts.grantUntil} <At at={grant.expires_at} />
            </>
          )}
          {grant?.revoked_by && (
            <>
              {', '}
              {texts.grantRevoked} <PlainText text={grant.revoked_by.display_name} first={100} />
            </>
          )}
        </p>
      )}
      {used && (
        <p className="hitl-soft">
          <Icon name="grant" /> {texts.approvedByGrant}{' '}
          <PlainText text={used.given_by.map(({ display_name: name }) => name).join(', ')} />
        </p>
      )}
    </>
  );
}
