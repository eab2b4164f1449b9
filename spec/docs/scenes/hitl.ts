/** The scenes of `docs/hitl.md`. */
import type { Scenes } from '../example';
import { hitlActingScenes } from './hitl-acting';
import { hitlAskingScenes } from './hitl-asking';
import { hitlChangingScenes } from './hitl-changing';
import { hitlDecidingScenes } from './hitl-deciding';
import { hitlGrantsScenes } from './hitl-grants';
import { hitlInboxScenes } from './hitl-inbox';
import { hitlLinksScenes } from './hitl-links';

export const hitlScenes: Scenes = {
  ...hitlAskingScenes,
  ...hitlDecidingScenes,
  ...hitlGrantsScenes,
  ...hitlLinksScenes,
  ...hitlInboxScenes,
  ...hitlChangingScenes,
  ...hitlActingScenes,
};
