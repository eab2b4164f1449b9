/** One line of a ticket: what a person said, a step, plan, answer or warning of the agent, or a remark from outside of its turns. */
import { memo } from 'react';
import type { MessageView } from '../client';
import { Face } from './face';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';
import { At } from './times';

interface MessageRowProps {
  message: MessageView;
  /** Who the agent is called. */
  agentName: string;
  /** Whether it follows directly on one of the same author, which is then not named again. */
  isContinued: boolean;
}

/** Drawn again only when it says something else: an update leaves all other lines as they are. */
export const MessageRow = memo(function MessageRow({ message, agentName, isContinued }: MessageRowProps) {
  const { type, author, content, created_at: at, updated_at: updated, is_streaming: grows } = message;
  const name = author?.display_name ?? agentName;
  if (type === 'trace') {
    return (
      <div className="hitl-step" data-streaming={grows} aria-busy={grows}>
        <span className="hitl-step-mark" />
        <p>
          {/* The agent's steps have none: this is a remark from outside. */}
          {author && (
            <b>
              <PlainText text={author.display_name} first={100} />:{' '}
            </b>
          )}
          <PlainText text={content} />
        </p>
        <At at={updated ?? at} />
      </div>
    );
  }
  return (
    <div
      className="hitl-message"
      data-type={type}
      data-continued={isContinued || undefined}
      data-streaming={grows}
      aria-busy={grows}
    >
      {!isContinued && <Face name={name} id={author?.user_id} />}
      {!isContinued && (
        <header>
          <b>
            <PlainText text={name} first={100} />
          </b>
          {type === 'plan' && <span className="hitl-status">{texts.plan}</span>}
          <At at={at} />
        </header>
      )}
      <p>
        {type === 'warning' && <Icon name="warning" />}
        <PlainText text={content} first={6_000} />
      </p>
    </div>
  );
});
