/** The app around the hub under stress: its own routes, and what it says about people, which a scenario can change at any moment. */
import type { RequestHandler, Router } from 'express';
import express from 'express';

/** How the app decides; parts of the server's settings. */
export interface AppSettings {
  /** The `ticket` callback takes up to so many milliseconds, now more and now less. Default 0: it answers at once. */
  accessMs?: number;
  /**
   * There is a rule `mayAnswer`: `slow-…` may never answer and `late-…` always, both said after so many milliseconds; for
   * `broken-…` the rule throws or rejects; everybody else may at once. Default: no rule.
   */
  ruleMs?: number;
  /** Whether requests and the ends of their responses are counted. Default false. */
  counts?: boolean;
}

export class StressApp {
  /** Requests that reached the app's first middleware, and how many of their responses have closed. */
  readonly requests = { begun: 0, closed: 0 };
  private readonly withdrawn = new Set<string>();
  private asked = 0;

  constructor(private readonly settings: AppSettings) {}

  /** From now on this person may use no ticket, or again every one. */
  setAccess(userId: string, may: boolean): void {
    if (may) this.withdrawn.delete(userId);
    else this.withdrawn.add(userId);
  }

  /** The `ticket` callback: what holds when it answers, not when it was asked. */
  readonly ticket = async (_ticketId: string, { id }: { id: string }): Promise<'allow' | 'forbidden'> => {
    const { accessMs = 0 } = this.settings;
    this.asked += 1;
    if (accessMs > 0) await wait(this.asked % (accessMs + 1));
    return this.withdrawn.has(id) ? 'forbidden' : 'allow';
  };

  /** The app's rules, where it has any. */
  get rules(): { mayAnswer?: (asked: { user: { id: string } }) => Promise<boolean> } {
    const { ruleMs } = this.settings;
    if (ruleMs === undefined) return {};
    const mayAnswer = ({ user: { id } }: { user: { id: string } }): Promise<boolean> => {
      this.asked += 1;
      if (id.startsWith('broken-')) {
        if (this.asked % 2 === 0) throw new Error('The rule is broken');
        return Promise.reject(new Error('The rule is broken'));
      }
      if (id.startsWith('slow-')) return wait(ruleMs).then(() => false);
      if (id.startsWith('late-')) return wait(ruleMs).then(() => true);
      return Promise.resolve(true);
    };
    return { mayAnswer };
  }

  /** Before everything else: counts what comes and what has ended, upgrades too. */
  readonly count: RequestHandler = (_req, res, next) => {
    this.requests.begun += 1;
    res.once('close', () => {
      this.requests.closed += 1;
    });
    next();
  };

  /** The app's own route, which says what reached it. */
  get router(): Router {
    const router = express.Router();
    router.all('/api/echo', express.text({ type: '*/*', limit: '1mb' }), (req, res) => {
      const body = typeof req.body === 'string' ? req.body.length : 0;
      res.json({ method: req.method, url: req.originalUrl, body });
    });
    return router;
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
