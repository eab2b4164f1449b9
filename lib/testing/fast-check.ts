/** The package fast-check, which a tester who wants searches by chance installs; only the searches load it. */

/** @throws Error saying what to install */
export async function loadFastCheck() {
  try {
    return await import('fast-check');
  } catch (cause) {
    throw new Error('Searches by chance need the package fast-check: npm install --save-dev fast-check', {
      cause,
    });
  }
}
