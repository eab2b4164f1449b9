/** What went wrong with an answer, said kindly; a request's card shows it. */
import type { RequestView, TicketError } from '../client';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { Ago } from './times';

/** @param request as it stands now, which an answer that came second is compared with */
export function Problem({ error, request }: { error: TicketError; request: RequestView }) {
  const winner = request.responded_by;
  return (
    <p className="hitl-problem" role="alert" data-code={error.code}>
      <Icon name={error.code === 'already_resolved' ? 'history' : 'warning'} />
      <span>
        {error.code === 'already_resolved' ? (
          <>
            {winner ? <PlainText text={winner.display_name} first={100} /> : texts.nobody}{' '}
            {texts.alreadyBy(request.type, request.status)}{' '}
            {request.responded_at !== undefined && <Ago at={request.responded_at} />}. {texts.cameSecond}
          </>
        ) : (
          (texts.errors[error.code] ?? <PlainText text={error.message} first={500} />)
        )}
      </span>
    </p>
  );
}
