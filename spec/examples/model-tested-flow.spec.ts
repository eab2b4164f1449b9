import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRefundApp } from '../../examples/model-tested-flow/refunds';
import { refundModel } from '../../examples/model-tested-flow/refunds.model';
import { portOf } from '../../lib/hub/hub';
import { startTestHub, type TestHub, type TestModel, testModel } from '../../lib/testing';
import { bodyOf, Examples } from '../docs/example';
import { fences, page } from '../docs/pages';
import { inEmptyFolder } from '../docs/stage';
import { attempt, bin, root, run } from '../packaging/command';

const folder = join(root, 'examples/model-tested-flow');
const tutorial = 'docs/testing-your-flow.md';
const blocks = fences({ path: tutorial, text: page(tutorial) });

function block(label: string) {
  const found = blocks.find((each) => each.label === label);
  if (!found) throw new Error(`${tutorial} has no block ${label}`);
  return found;
}

function source(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

/** What the test of the example says when the app is changed like this. */
async function tested(change: (app: string) => string) {
  const copy = mkdtempSync(join(tmpdir(), 'express-hitl-refunds-'));
  try {
    cpSync(folder, copy, { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(join(copy, 'refunds.ts'), change(source('refunds.ts')));
    const tsconfig = join(root, 'tsconfig.json');
    return await attempt(copy, bin('tsx'), '--tsconfig', tsconfig, '--test', 'refunds.test.ts');
  } finally {
    rmSync(copy, { recursive: true });
  }
}

describe('the app with a flow tested by its model', () => {
  it('passes its test', async () => {
    const { code, stdout } = await tested((app) => app);
    expect(stdout).toMatch(/^# pass 1$/m);
    expect(code).toBe(0);
  }, 120_000);

  it('fails it when anybody may answer for finance, and the report reads as in the tutorial', async () => {
    const { code, stdout } = await tested((app) => app.replace(", groups: ['finance']", ''));
    expect(code).toBe(1);
    const said = stdout.split('\n').map((line) => line.trim());
    for (const line of block('broken').text.split('\n')) expect(said).toContain(line.trim());
  }, 120_000);

  it.each([
    ['what is paid for without asking finance', '\n    { name: ', "\n    // { name: 'finance'"],
    ['refunds that never expire', "      expiresIn: '1d',\n", ''],
    ['a payment whatever was said', " && request.status === 'approved'", ''],
  ])(
    'fails it for %s',
    async (_what, from, to) => {
      const planted = (app: string) => {
        const at = app.lastIndexOf(from);
        expect(at).toBeGreaterThan(0);
        const end = from.startsWith('\n') ? app.indexOf('\n', at + 1) : at + from.length;
        return app.slice(0, at) + to + app.slice(end);
      };
      const { code, stdout } = await tested(planted);
      expect(stdout).toContain('refund: the system does not do what the model says');
      expect(code).toBe(1);
    },
    120_000,
  );

  it('has a test of about sixty lines', () => {
    expect(source('refunds.test.ts').trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  });

  it('has its chart in its docs, drawn from the model as it is', async () => {
    const charts = ['charts', join(folder, 'refunds.model.ts'), '--out', join(folder, 'charts'), '--check'];
    expect(await run(root, bin('tsx'), 'lib/cli/main.ts', ...charts)).toMatch(/as they should be/);
  }, 60_000);
});

describe('the tutorial', () => {
  it.each([
    ['app', 'refunds.ts'],
    ['model', 'refunds.model.ts'],
    ['system', 'refunds.test.ts'],
    ['test', 'refunds.test.ts'],
  ])('shows under %s what stands in %s', (label, file) => {
    expect(source(file)).toContain(block(label).text.trimEnd());
  });

  describe('further on', () => {
    const examples = new Examples();
    afterAll(() => examples.remove());
    const given = {
      model: `import('express-hitl/testing').TestModel<typeof import('${folder}/refunds.model').refundModel, any>`,
      source: "import('express-hitl/testing').SystemSource<any>",
    };
    const imports = `import { writeFile } from 'node:fs/promises';`;
    type Given = { model: TestModel<typeof refundModel, TestHub>; source: object };
    const play = (label: string, parts: Given) => {
      const load = examples.add(block(label), {
        ...bodyOf(given, 'undefined', imports),
        play: async () => {},
      });
      return load<{ example(parts: Given): Promise<void> }>().example(parts);
    };

    it('walks by chance', async () => {
      const parts = { model: modelOfRefunds(), source: refunds };
      await play('walks', parts);
      parts.model.assertCoverage();
    }, 60_000);

    it('paints what one path has seen, as in the picture on the page', async () => {
      jest.spyOn(console, 'log').mockImplementation(() => {});
      await inEmptyFolder(async () => {
        const parts = { model: modelOfRefunds(), source: refunds };
        await play('picture', parts);
        expect(console.log).toHaveBeenCalledWith(
          expect.stringMatching(/^refund: 3 of 6 states, 1 of 6 transitions, 1 of 8 guard outcomes\n/),
        );
        const svg = readFileSync('refund-coverage.svg', 'utf8');
        expect(svg).toBe(readFileSync(join(root, 'docs/images/refund-coverage.svg'), 'utf8'));
        expect(JSON.parse(readFileSync('refund-coverage.json', 'utf8')).machine).toBe('refund');
      });
      jest.restoreAllMocks();
    }, 60_000);

    it('has the right types', async () => {
      expect(await examples.typeErrors()).toEqual([]);
    }, 60_000);
  });
});

/** The model of the example on a system without restarts. */
function modelOfRefunds(): TestModel<typeof refundModel, TestHub> {
  const cases = [{ who: 'sam' }, { who: 'sue' }, { who: 'finn' }];
  const answer =
    (status: string) =>
    async (shop: TestHub, { who }: { who: string }) => {
      const client = await shop.connect({ user: who, ticketId: 'refunds' });
      const { items } = await portOf(shop.hub).hitl.list();
      await client.ask({ type: 'hitl_respond', request_id: items[0]?.id, revision: 1, status });
      await client.close();
    };
  return testModel(refundModel, {
    events: {
      approve: { cases, perform: answer('approved') },
      deny: { cases, perform: answer('denied') },
      wait: { perform: (shop) => shop.advance('1d') },
    },
  });
}

const refunds = {
  start: async () => {
    const shop = await startTestHub({ create: (given) => createRefundApp(() => {}, given) });
    await fetch(`${shop.url}/refunds`, {
      method: 'POST',
      headers: { 'x-user': 'sam', 'content-type': 'application/json' },
      body: JSON.stringify({ order: 'A-17', amount: 80 }),
    });
    return shop;
  },
  stop: (shop: TestHub) => shop.close(),
};
