/** What Vite takes beside code. */
declare module '*.css';
