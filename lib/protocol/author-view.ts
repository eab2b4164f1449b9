/** A person as author of something, as they travel; the views of whatever a person did have one. */
import { z } from 'zod';
import type { Author } from './records';

export const authorSchema = z.object({ user_id: z.string(), display_name: z.string() });

export type AuthorView = z.infer<typeof authorSchema>;

export function authorView(author: Author): AuthorView {
  return { user_id: author.userId, display_name: author.displayName };
}
