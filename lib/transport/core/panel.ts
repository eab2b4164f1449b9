/** What one classic client shows of the pending requests, whose revisions its dialect does not say; its connection notes here what it sends. */
import { isPrompt, type Outbound } from '../../hub/tickets/broadcast';
import type { PromptPanel } from '../../hub/tickets/client';
import { isAmended } from '../../protocol/chat-frames';
import type { DirectEnvelope } from '../../protocol/envelopes';
import type { RequestView } from '../../protocol/request-view';

export class Panel implements PromptPanel {
  /** Of the pending requests that were amended; all others are at 1. None before the first, since an idle client is to cost little. */
  private amended: Map<string, number> | undefined;

  /** These were sent, in this order. */
  note(sent: readonly (Outbound | DirectEnvelope)[]): void {
    for (const each of sent) {
      if (isPrompt(each)) this.show(each.prompt);
      else if (!('event' in each)) continue;
      else if (each.event === 'snapshot' || each.event === 'snapshot_requests')
        for (const view of each.requests) this.show(view);
      else if (each.event === 'hitl_request_resolved') this.amended?.delete(each.hitl.id);
      else if (each.event === 'hitl_request_pending') this.show(each.hitl);
      else if (each.event === 'hitl_request_updated' && isAmended(each)) this.show(each.hitl);
    }
  }

  revisionOf(requestId: string): number {
    return this.amended?.get(requestId) ?? 1;
  }

  private show({ id, revision }: RequestView): void {
    if (revision === 1) return;
    this.amended ??= new Map();
    this.amended.set(id, revision);
  }
}
