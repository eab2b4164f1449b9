/** An operator in front of the console, in a browser context of their own. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

export class Operator {
  /** What the browser had against the page: errors, refused by the policy or thrown. */
  readonly complaints: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
  }

  /** Opens the console. @param user with groups after a colon @param at behind the `#` */
  static async enter(
    browser: Browser,
    url: string,
    user: string,
    { at = '/', ...options }: BrowserContextOptions & { at?: string } = {},
  ): Promise<Operator> {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC', ...options });
    await context.addCookies([{ name: 'user', value: encodeURIComponent(user), url }]);
    const operator = new Operator(await context.newPage());
    await operator.page.goto(`${url}/console/#${at}`);
    await operator.page.getByRole('navigation', { name: 'Approvals' }).waitFor();
    return operator;
  }

  /** Opens another page, such as an app's own with the parts in it. */
  static async at(browser: Browser, url: string, user: string): Promise<Operator> {
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' });
    await context.addCookies([{ name: 'user', value: encodeURIComponent(user), url }]);
    const operator = new Operator(await context.newPage());
    await operator.page.goto(url);
    return operator;
  }

  /** The card of a request, in the detail or among the lines of a ticket. */
  card(id: string): Locator {
    return this.page.locator(`[data-request="${id}"]`);
  }

  /** The row of a request in the inbox. */
  row(id: string): Locator {
    return this.page.locator(`[data-row="${id}"]`);
  }

  /** The same, in sight and with what is in it drawn: it has its place before that, and the rows below it move then. */
  async drawnRow(id: string): Promise<Locator> {
    const row = this.row(id);
    await row.scrollIntoViewIfNeeded();
    await this.page.waitForFunction(
      (content) => document.querySelector(content)?.checkVisibility({ contentVisibilityAuto: true }),
      `[data-row="${id}"] .hitl-inbox-meta`,
    );
    return row;
  }

  /** Opens the card of a request from its row. */
  async open(id: string): Promise<void> {
    await (await this.drawnRow(id)).click();
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).last().waitFor();
  }

  async say(text: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }
}
