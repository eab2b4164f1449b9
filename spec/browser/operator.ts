/** An operator in front of the demo, in a browser context of their own; the browser specs and the screenshots act as these. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';

export class Operator {
  private constructor(
    readonly page: Page,
    private readonly url: string,
  ) {}

  /** Logs in, and opens a ticket from the list of alerts. */
  static async enter(
    browser: Browser,
    url: string,
    user: string,
    { ticketId = 'T-1001', ...options }: BrowserContextOptions & { ticketId?: string } = {},
  ): Promise<Operator> {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const operator = new Operator(await context.newPage(), url);
    await operator.page.goto(`${url}/login?user=${user}`);
    await operator.page.getByRole('link', { name: ticketId }).click();
    await operator.page.getByRole('heading', { name: ticketId }).waitFor();
    return operator;
  }

  /** Goes to another page of the console; what is behind the `#`. */
  async open(at: string): Promise<void> {
    await this.page.goto(`${this.url}/console/#${at}`);
  }

  /** Sends a message and waits until `answer` is to be read. */
  async say(text: string, answer: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
    await this.sees(answer);
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).last().waitFor();
  }

  /** The request shown last. */
  get card(): Locator {
    return this.page.locator('[data-request]').last();
  }

  async answer(button: string, comment = ''): Promise<void> {
    await this.card.getByRole('textbox', { name: 'Comment' }).fill(comment);
    await this.card.getByRole('button', { name: button }).click();
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }
}
