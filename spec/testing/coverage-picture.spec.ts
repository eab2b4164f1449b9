import { setup } from 'xstate';
import { Coverage, coverageSvg } from '../../lib/testing';
import { collisions, readDrawing } from '../charts/drawing';
import { all } from '../charts/xml';
import { modelOfVault, vaults } from './vault';

/** The vault after these events, painted. */
async function painted(...events: Parameters<ReturnType<typeof modelOfVault>['pathOf']>[0]) {
  const model = modelOfVault();
  await model.test({ ...vaults(), paths: [model.pathOf(events)] });
  const svg = await model.reportSvg();
  const drawing = readDrawing(svg);
  const elements = all(drawing.document);
  /** Classes of all that stands for a state or a transition. */
  const classes = (id: string) =>
    elements
      .filter(({ attributes }) => attributes.id === id || attributes['data-transition'] === id)
      .map(({ attributes }) => attributes.class ?? '')
      .join(' ');
  return { svg, drawing, elements, classes };
}

describe('a coverage painted on the chart', () => {
  it('shows what was seen, what never was, and which guard never said no', async () => {
    const { classes } = await painted({ type: 'enter', who: 'ann' });
    expect(classes('vault.locked')).toMatch(/\bcovered/);
    expect(classes('vault.locked:enter:1')).toMatch(/\bpartly/);
    expect(classes('vault.locked:enter:2')).toMatch(/\buncovered/);
    expect(classes('vault.open:store:1')).not.toMatch(/\bcovered|partly/);
    const more = await painted({ type: 'enter', who: 'bob' }, { type: 'enter', who: 'ann' });
    expect(more.classes('vault.locked:enter:1')).toMatch(/\bcovered/);
    expect(more.classes('vault.locked:enter:1')).not.toMatch(/partly|uncovered/);
  });

  it('says above it how much was seen and what the colours mean, and by signs what they say', async () => {
    const { elements } = await painted({ type: 'enter', who: 'ann' });
    const texts = elements.map(({ text }) => text.trim());
    expect(texts).toEqual(
      expect.arrayContaining([
        'vault: 3 of 3 states, 1 of 7 transitions, 1 of 4 guard outcomes',
        'seen',
        '~ taken, but its guard never said no',
        '✗ never seen',
      ]),
    );
    expect(texts.filter((text) => text === '✗')).not.toEqual([]);
  });

  it('lies on nothing else, all of it inside the picture, however small the machine', async () => {
    const small = setup({}).createMachine({ id: 'small' });
    for (const svg of [(await painted()).svg, await coverageSvg(new Coverage(small))]) {
      const drawing = readDrawing(svg);
      expect(collisions(drawing)).toEqual([]);
      const { viewBox = '' } = drawing.document.attributes;
      const [left = 0, top = 0, width = 0, height = 0] = viewBox.split(' ').map(Number);
      for (const text of drawing.texts) {
        expect(text.left).toBeGreaterThanOrEqual(left);
        expect(text.top).toBeGreaterThanOrEqual(top);
        expect(text.right).toBeLessThanOrEqual(left + width);
        expect(text.bottom).toBeLessThanOrEqual(top + height);
      }
    }
  });

  it('has nothing red or yellow when everything was seen, and colours for both screens', async () => {
    const model = modelOfVault();
    await model.test(vaults());
    const svg = await model.reportSvg();
    const drawn = all(readDrawing(svg).document).filter(
      ({ attributes }) => attributes['data-transition'] !== undefined || attributes.id !== undefined,
    );
    expect(drawn.map(({ attributes }) => attributes.class).join(' ')).not.toMatch(/uncovered|partly/);
    expect(svg.match(/\.covered>\.box\{stroke:#[0-9a-f]+\}/g)).toHaveLength(2);
  });

  it('is the same, byte for byte, for the same coverage', async () => {
    const events = [{ type: 'enter', who: 'ann' }, { type: 'close' }] as const;
    expect((await painted(...events)).svg).toBe((await painted(...events)).svg);
  });
});
