/** A login with express-session: the session that guards the pages guards the sockets too, and logging out ends both. */
import { createServer } from 'node:http';
import express from 'express';
import { expressHitl } from 'express-hitl';
import session from 'express-session';

declare module 'express-session' {
  interface SessionData {
    userId: string;
  }
}

/** The app, not yet listening. @param secret signs the session cookie */
export function createApp(secret: string) {
  const app = express();
  const hitl = expressHitl({
    auth: { identify: (req) => req.session.userId, authorize: () => 'allow' },
    agent: (turn) => turn.say(`Hello, ${turn.user.name}.`),
  });

  app.use(
    session({
      secret,
      resave: false,
      saveUninitialized: false,
      cookie: { httpOnly: true, sameSite: 'lax' },
    }),
  );

  app.post('/login', express.json(), (req, res, next) => {
    // Here a real app asks for a password.
    const { user } = req.body ?? {};
    if (typeof user !== 'string' || user === '') {
      res.sendStatus(400);
      return;
    }
    // A new session id, so that one planted before the login is worth nothing.
    req.session.regenerate((error) => {
      if (error) return next(error);
      req.session.userId = user;
      res.sendStatus(204);
    });
  });

  app.post('/logout', (req, res, next) => {
    const { userId } = req.session;
    req.session.destroy((error) => {
      if (error) return next(error);
      // A socket is let in once and would outlive the session. This ends all of the person's, on every device.
      hitl.hub.clients.disconnect({ userId, code: 'session_ended' });
      res.sendStatus(204);
    });
  });

  app.use(hitl.router);
  const server = createServer(app);
  hitl.attach(server);
  return { server, hitl };
}

if (require.main === module) {
  const secret = process.env.SESSION_SECRET;
  if (!secret) throw new Error('Set SESSION_SECRET to a long random text');
  createApp(secret).server.listen(3000, () => console.log('http://localhost:3000'));
}
