/** Waits for what no event reports to a test, such as the server's end of a socket being gone; for at most 4 seconds. */
export async function until(isTrue: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 4_000;
  while (!isTrue()) {
    if (Date.now() > end) throw new Error(`It never came true that ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
