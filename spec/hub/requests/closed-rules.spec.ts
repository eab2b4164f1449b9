import { closedRules } from '../../models/closed-rules';

describe('A hub sees to it that', () => {
  test.each(closedRules)('$rule', ({ check }) => check());
});
