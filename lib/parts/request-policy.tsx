/** Who decides, what it takes, and the answers counted so far; a request's card shows it. */
import type { RequestView } from '../client';
import { Face } from './face';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { peopleOf } from './right-to-answer';
import { texts } from './texts';
import { Ago } from './times';

type Policy = NonNullable<RequestView['policy']>;

/** Nothing where everybody may answer and one answer is enough. */
export function RequestPolicy({ request }: { request: RequestView }) {
  const { policy, verdicts = [] } = request;
  const needed = policy?.stages?.[request.stage ?? 0]?.approvals ?? policy?.approvals ?? 1;
  if (!policy || (isPlain(policy) && verdicts.length === 0)) return null;
  const { stages, exclude_requester: fourEyes, denial, of } = policy;
  const stage = request.stage ?? 0;
  const approvals = verdicts.filter((each) => each.stage === stage && each.status === 'approved').length;
  return (
    <section className="hitl-policy">
      {stages && (
        <ol className="hitl-stages">
          {stages.map((each, at) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: a stage is what stands at its place
              key={at}
              data-state={
                at < stage || request.status === 'approved' ? 'done' : at === stage ? 'now' : 'later'
              }
              aria-current={at === stage && request.status === 'pending' ? 'step' : undefined}
            >
              <PlainText text={each.name ?? texts.stage(at + 1)} first={100} />
            </li>
          ))}
        </ol>
      )}
      <p>
        <Icon name="people" />
        <span>
          {texts.takes(needed, of)} <People request={request} />
          {fourEyes && <> · {texts.notTheRequester}</>}
          {needed > 1 && <> · {denial === 'majority' ? texts.majorityDenies : texts.oneDenies}</>}
        </span>
      </p>
      {(needed > 1 || verdicts.length > 0) && request.status === 'pending' && (
        <meter
          className="hitl-meter"
          min={0}
          max={needed}
          value={approvals}
          aria-label={texts.approvalsSoFar(approvals, needed)}
        >
          {texts.approvalsSoFar(approvals, needed)}
        </meter>
      )}
      {verdicts.length > 0 && (
        <ul className="hitl-verdicts">
          {verdicts.map(({ by, status, at, comment }) => (
            <li key={by.user_id}>
              <Face name={by.display_name} id={by.user_id} />
              <span>
                <b>
                  <PlainText text={by.display_name} first={100} />
                </b>{' '}
                <span className={status === 'approved' ? 'hitl-yes' : 'hitl-no'}>
                  {texts.verdict(status)}
                </span>{' '}
                <Ago at={at} />
                {comment !== undefined && (
                  <q>
                    <PlainText text={comment} first={300} />
                  </q>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function People({ request }: { request: RequestView }) {
  const { users, groups } = peopleOf(request);
  const names = [...groups.map((group) => texts.group(group)), ...users];
  if (names.length === 0) return <>{texts.anybody}</>;
  return (
    <>
      {texts.by}{' '}
      {names.map((name, at) => (
        <span key={name}>
          {at > 0 && ', '}
          <PlainText text={name} first={100} />
        </span>
      ))}
    </>
  );
}

function isPlain(policy: Policy): boolean {
  return Object.keys(policy).every((field) => field === 'claim' || field === 'denial');
}
