/** `GET /hitl/me`: who a page is taken for. */
import request from 'supertest';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

async function ask(user: string | undefined, options: TestHubOptions = {}) {
  hub = await startTestHub(options);
  const asked = request(hub.server).get('/hitl/me');
  return user ? asked.set('x-user', user) : asked;
}

test('says who one is, with one’s groups, and what the agent is called', async () => {
  const { status, body } = await ask('alice:lead,analyst', { agentName: { id: 'warren', name: 'Warren' } });
  expect(status).toBe(200);
  expect(body).toEqual({
    user: { id: 'alice', name: 'alice', groups: ['lead', 'analyst'] },
    agent: { id: 'warren', name: 'Warren' },
    charts: false,
  });
});

test('is refused without a user', async () => {
  const { status, body } = await ask(undefined);
  expect([status, body.error.code]).toEqual([401, 'authentication_required']);
});
