/** How a request ended: what was decided, by whom, when, with which words, and what came of it. */
import type { RequestView } from '../client';
import { Icon, type IconName } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { Ago } from './times';
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
  const { comment, answer, tool_args: _shownAbove, grant, ...others } = response;
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
      {Object.keys(others).length > 0 && <ValueTree value={others} />}
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
      {grant !== undefined && (
        <p className="hitl-soft">
          <Icon name="grant" /> {texts.grantGiven}
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
