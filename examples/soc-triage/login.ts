/** The demo's own login: a cookie that names the user, taken at its word. It stands for the real login of a real app. */
import { type Request, type RequestHandler, Router } from 'express';

/** Who is logged in. */
export interface Person {
  id: string;
  name: string;
}

const cookieName = 'demo_user';
const acceptable = /^[\w.-]{1,40}$/;

/** Whom the cookie names; null without one, or with a name that is not acceptable. */
export function currentUser(req: Pick<Request, 'headers'>): Person | null {
  const pairs = (req.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const id = pairs.find((pair) => pair.startsWith(`${cookieName}=`))?.slice(cookieName.length + 1);
  if (!id || !acceptable.test(id)) return null;
  return { id, name: id.charAt(0).toUpperCase() + id.slice(1) };
}

/** Where REST is; the pages and sockets are elsewhere. */
const restPath = /^\/(hitl|tickets)\//;

/**
 * Lets only people through who are logged in, and programs to REST; everything behind it, sockets too, is 401 for the others.
 * @param isProgram whether a request comes from a program that the app knows
 */
export function requireLogin(isProgram: (req: Request) => boolean): RequestHandler {
  return (req, res, next) => {
    if (currentUser(req) || (restPath.test(req.path) && isProgram(req))) next();
    else
      res.status(401).json({ error: { code: 'authentication_required', message: 'Log in at /login first' } });
  };
}

/**
 * `GET /login?user=alice` and `POST /logout`.
 * @param onLogout called with the user's id, to end what is still open
 */
export function loginRoutes(onLogout: (userId: string) => void): Router {
  const router = Router();
  router.get('/login', (req, res) => {
    const { user } = req.query;
    if (typeof user !== 'string' || !acceptable.test(user)) {
      res.status(400).type('text').send('Choose a name of up to 40 letters, digits, dots and dashes.');
      return;
    }
    res.cookie(cookieName, user, { httpOnly: true, sameSite: 'lax' });
    res.redirect('/');
  });
  router.post('/logout', (req, res) => {
    const user = currentUser(req);
    if (user) onLogout(user.id);
    res.clearCookie(cookieName);
    res.redirect(303, '/');
  });
  return router;
}
