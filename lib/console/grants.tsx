/** What was allowed from then on, for as long as it holds; those who may can revoke it. */
import { useState } from 'react';
import { TicketError } from '../client';
import { PlainText } from '../parts/plain-text';
import { texts } from '../parts/texts';
import { At } from '../parts/times';
import { ValueTree } from '../parts/value-tree';
import { useRest } from '../react';
import { ListEnd } from './list-end';
import { usePages } from './pages';
import { hrefOf } from './route';

/** What the list shows of a grant; docs/rest.md, View `grant`. */
interface GrantView {
  id: string;
  tool_name: string;
  scope: 'ticket' | 'everywhere';
  ticket_id?: string;
  args: 'exact' | 'any';
  tool_args?: Record<string, unknown>;
  given_by: readonly { user_id: string; display_name: string }[];
  created_at: string;
  expires_at: string;
  uses?: number;
  used: number;
  revoked_at?: string;
}

export function Grants() {
  const list = usePages<GrantView>('/hitl/grants?live=true&limit=100');
  const { items, reload } = list;
  return (
    <div className="page">
      <header className="hitl-ticket-head">
        <h1>{texts.grants}</h1>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <section className="page-body" tabIndex={0} aria-label={texts.grants}>
        <p className="hitl-soft">{texts.grantsAre}</p>
        {items.length > 0 && (
          <table className="hitl-table">
            <thead>
              <tr>
                {[texts.tool, texts.reach, texts.grantedBy, texts.until].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
                <th scope="col">
                  <span className="hitl-hidden">{texts.revoke}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((grant) => (
                <Line key={grant.id} grant={grant} onRevoked={reload} />
              ))}
            </tbody>
          </table>
        )}
        <ListEnd
          list={list}
          nothing={texts.noGrants}
          isLoading={list.state === 'loading' && items.length === 0}
        />
      </section>
    </div>
  );
}

function Line({ grant, onRevoked }: { grant: GrantView; onRevoked(): void }) {
  const rest = useRest();
  const [step, setStep] = useState<'idle' | 'sure' | 'busy'>('idle');
  const [problem, setProblem] = useState<string>();

  async function revoke() {
    setStep('busy');
    try {
      await rest(`/hitl/grants/${encodeURIComponent(grant.id)}/revoke`, { body: {} });
      onRevoked();
    } catch (cause) {
      const code = cause instanceof TicketError ? cause.code : 'unavailable';
      setProblem(texts.errors[code] ?? code);
      setStep('idle');
    }
  }

  return (
    <tr>
      <td>
        <b className="hitl-code">
          <PlainText text={grant.tool_name} first={100} />
        </b>
        {grant.tool_args && grant.args === 'exact' && <ValueTree value={grant.tool_args} />}
      </td>
      <td>
        {texts.grantReach[grant.args]}
        {', '}
        {grant.scope === 'ticket' && grant.ticket_id !== undefined ? (
          <a
            className="hitl-more"
            href={hrefOf({ page: 'ticket', ticketId: grant.ticket_id, tab: 'timeline' })}
          >
            <PlainText text={grant.ticket_id} first={60} />
          </a>
        ) : (
          texts.everywhere
        )}
      </td>
      <td>
        <PlainText text={grant.given_by.map((each) => each.display_name).join(', ')} first={100} />{' '}
        <At at={grant.created_at} />
      </td>
      <td>
        {grant.revoked_at !== undefined ? (
          texts.revoked
        ) : (
          <>
            <At at={grant.expires_at} />
            {grant.uses !== undefined && <small>{texts.usesLeft(grant.uses - grant.used)}</small>}
          </>
        )}
      </td>
      <td>
        {grant.revoked_at === undefined && (
          <button
            type="button"
            className="hitl-button hitl-button-no"
            disabled={step === 'busy'}
            onBlur={() => step === 'sure' && setStep('idle')}
            onClick={() => (step === 'sure' ? revoke() : setStep('sure'))}
          >
            {step === 'sure' ? texts.reallyRevoke : texts.revoke}
          </button>
        )}
        {problem !== undefined && <small className="hitl-no">{problem}</small>}
      </td>
    </tr>
  );
}
