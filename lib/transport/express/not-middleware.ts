/** What `expressHitl` returns is a function only so that Express, where it is mounted in place of its router, gets to a sentence that says so. */
import { HubError } from '../../errors';

/** The same members on a function that throws when Express mounts it or calls it. */
export function notMiddleware<T extends object>(members: T): T {
  const refuse = (): never => {
    throw new HubError('invalid_request', {
      message: 'hitl is not middleware, its router is: write app.use("/soc", hitl.router) instead of hitl',
    });
  };
  const hitl = Object.defineProperties(refuse, Object.getOwnPropertyDescriptors(members));
  // `app.use` looks for it, to learn whether it is given another app.
  return Object.defineProperty(hitl, 'handle', { get: refuse }) as unknown as T;
}
