/** How many connections may wait at a listener; servers and proxies of the scenarios listen with it. */

/**
 * Connections that may wait to be accepted, as many as Linux allows by default. With Node's own 511 a storm is over only
 * after the last of the kernel's own retries, which wait 1, 2, 4, 8, ... seconds.
 */
export const backlog = 4_096;
