/** The demo's start page: the alerts, each a ticket in the console, and the way out; drawn on the server, without a script. */
import type { Alert } from './alerts';
import type { Person } from './login';

/** The page as HTML. */
export function homePage(person: Person, alerts: Iterable<Alert>): string {
  const items = [...alerts].map(
    ({ id, title, severity, host }) => `
        <a href="/console/#/tickets/${encodeURIComponent(id)}">
          <small>${escaped(id)} · ${escaped(host)}</small>
          <strong>${escaped(title)}</strong>
          <span class="severity ${escaped(severity)}">${escaped(severity)}</span>
        </a>`,
  );
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>SOC triage</title>
    <link rel="icon" href="/assets/icon.svg" />
    <link rel="stylesheet" href="/assets/page.css" />
  </head>
  <body>
    <main class="home">
      <header>
        <h1>SOC triage</h1>
        <form action="/logout" method="post">
          <span>${escaped(person.name)}</span> <button class="button">Log out</button>
        </form>
      </header>
      <p>
        Each alert is a ticket, in which people work with Warren, the agent. What he asks waits in
        the <a href="/console/">inbox</a>.
      </p>
      <nav aria-label="Alerts">${items.join('')}
      </nav>
    </main>
  </body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
