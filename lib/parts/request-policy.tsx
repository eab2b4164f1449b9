/** Who decides, what it takes, and the answers counted so far; a request's card shows it. */
import type { RequestView } from '../client';
import { agreementOf, contentOf } from '../protocol/agreement';
import { Face } from './face';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { needsAgreement, peopleOf, stageOf, type Verdict } from './right-to-answer';
import { texts } from './texts';
import { Ago } from './times';
import { ValueTree } from './value-tree';

/** Nothing where everybody may answer and one answer is enough. Only rules that are in force are shown. */
export function RequestPolicy({ request }: { request: RequestView }) {
  const { policy, verdicts = [], stage = 0 } = request;
  const { approvals: needed = 1, of } = stageOf(request);
  if (!policy || (!isRule(request) && verdicts.length === 0)) return null;
  const { stages, exclude_requester: fourEyes, denial, claim } = policy;
  const { agreed: approvals, isAtOdds } = agreementOf(request);
  const isPending = request.status === 'pending';
  const isMajority = denial === 'majority';
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
              aria-current={at === stage && isPending ? 'step' : undefined}
            >
              <PlainText text={each.name ?? texts.stage(at + 1)} first={100} />
            </li>
          ))}
        </ol>
      )}
      <p>
        <Icon name="people" />
        <span>
          {texts.takes(needed, isMajority ? of : undefined)} <People request={request} />
          {fourEyes && <> · {texts.notTheRequester}</>}
          {isMajority && (of ?? needed) > 1 && <> · {texts.majorityDenies(needed)}</>}
          {!isMajority && needed > 1 && <> · {texts.oneDenies}</>}
          {needsAgreement(request) && <> · {texts.sameAnswer}</>}
          {claim === 'exclusive' && <> · {texts.exclusiveClaim}</>}
        </span>
      </p>
      {(needed > 1 || verdicts.length > 0) && isPending && (
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
      {isAtOdds && isPending && (
        <p className="hitl-problem" role="status">
          <Icon name="warning" />
          <span>{texts.answersDiffer}</span>
        </p>
      )}
      {verdicts.length > 0 && (
        <ul className="hitl-verdicts">
          {verdicts.map((verdict) => (
            <li key={`${verdict.stage} ${verdict.by.user_id}`}>
              <OneVerdict verdict={verdict} type={request.type} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** Who said what, all of it. */
function OneVerdict({ verdict, type }: { verdict: Verdict; type: string }) {
  const { by, status, at, response } = verdict;
  const comment = verdict.comment ?? response?.comment;
  const { answer, ...others } = contentOf(type, response);
  return (
    <>
      <Face name={by.display_name} id={by.user_id} />
      <span>
        <b>
          <PlainText text={by.display_name} first={100} />
        </b>{' '}
        <span className={status === 'approved' ? 'hitl-yes' : 'hitl-no'}>{texts.verdict(type, status)}</span>{' '}
        <Ago at={at} />
        {answer !== undefined && (
          <span className="hitl-answer">
            <ValueTree value={answer} />
          </span>
        )}
        {Object.keys(others).length > 0 && <ValueTree value={others} />}
        {typeof comment === 'string' && (
          <q>
            <PlainText text={comment} />
          </q>
        )}
      </span>
    </>
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

/** Whether anything of it changes who may answer, or what it takes. */
function isRule(request: RequestView): boolean {
  const { policy } = request;
  const { approvals = 1 } = stageOf(request);
  const { users, groups } = peopleOf(request);
  const isSeveral = approvals > 1 || (policy?.stages?.length ?? 0) > 1;
  return (
    isSeveral ||
    users.length + groups.length > 0 ||
    policy?.exclude_requester === true ||
    policy?.claim === 'exclusive' ||
    (policy?.denial === 'majority' && (policy.of ?? 1) > 1)
  );
}
