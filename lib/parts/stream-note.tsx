/** Says to screen readers that an answer is written, and that it is whole: once each, and not every piece of it; the ticket has one. */
import { useState } from 'react';
import type { MessageView } from '../client';
import { texts } from './texts';

interface StreamNoteProps {
  messages: readonly MessageView[];
  agentName: string;
}

export function StreamNote({ messages, agentName }: StreamNoteProps) {
  const isWriting = messages.some(({ is_streaming }) => is_streaming);
  const [hasWritten, setHasWritten] = useState(false);
  if (isWriting && !hasWritten) setHasWritten(true);
  return (
    <p className="hitl-hidden" role="status">
      {isWriting ? texts.writes(agentName) : hasWritten ? texts.hasWritten(agentName) : ''}
    </p>
  );
}
