/** Where the app mounted the hub, derived from where this page is: it is served at `<mount>/console/`. */
export const mount = new URL('..', location.href.split(/[?#]/, 1)[0]).href.replace(/\/$/, '');
