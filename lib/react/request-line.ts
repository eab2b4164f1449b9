/** What a ticket and an inbox have in common for a request: the connection that receives it and sends its answer. */
import type { RequestAck, RequestAnswer, RequestView } from '../client';
import { outcomeOf, type RequestOutcome } from './outcome';

/** What of a client such a connection is made of. */
interface AnsweringClient {
  respond(requestId: string, answer: RequestAnswer): Promise<RequestAck>;
  claim(requestId: string): Promise<RequestAck>;
  release(requestId: string): Promise<RequestAck>;
}

/** The promises never reject. */
export abstract class RequestLine {
  protected abstract client: AnsweringClient;

  /** The request, if it was received here. */
  abstract request(id: string): RequestView | undefined;

  respond(requestId: string, answer: RequestAnswer): Promise<RequestOutcome> {
    return outcomeOf(this.client.respond(requestId, answer), requestOf);
  }

  claim(requestId: string): Promise<RequestOutcome> {
    return outcomeOf(this.client.claim(requestId), requestOf);
  }

  release(requestId: string): Promise<RequestOutcome> {
    return outcomeOf(this.client.release(requestId), requestOf);
  }
}

function requestOf({ hitl }: RequestAck): { request: RequestView } {
  return { request: hitl };
}
