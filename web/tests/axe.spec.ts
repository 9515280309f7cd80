// axe finds nothing on any view, in both themes, at the widths that the layout turns on.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';
import { FITS, planned, settled } from './page';
import { VIEWS } from './views';

for (const [name, go] of Object.entries(VIEWS))
  for (const theme of ['light', 'dark'] as const)
    for (const width of [360, 820, 1280])
      test(`${name}, ${theme}, ${width}`, async ({ page }) => {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 900 });
        await go(page);
        if (name === 'fits' || name === 'refused') await settled(page);
        const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`)).toEqual([]);
        const sideways = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect(sideways).toBeLessThanOrEqual(0);
      });

const wide = (page: Page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

for (const name of ['first', 'refused', 'two ranks', 'numbers', 'compare', 'diagnose', 'gguf'])
  test(`${name}: nothing scrolls sideways at 320, as at 400 %, and nothing is lost in text of 200 %`, async ({ page }) => {
    await page.setViewportSize({ width: 320, height: 640 });
    await VIEWS[name]?.(page);
    expect(await wide(page)).toBeLessThanOrEqual(0);
    await page.setViewportSize({ width: 640, height: 480 });
    expect(await wide(page)).toBeLessThanOrEqual(0);
    const cut = await page.evaluate(() => [...document.querySelectorAll<HTMLElement>('h1, h2, .verdict p, .said dd, .read div')].filter((each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX !== 'visible').map((each) => each.outerHTML.slice(0, 100)));
    expect(cut).toEqual([]);
  });

/** Controls smaller than `least`, but for links within a line of text and what shows itself only to the reader of a screen. */
const small = (page: Page, least: number) =>
  page.evaluate((size) => {
    const controls = [...document.querySelectorAll<HTMLElement>('button, select, input:not(.vh), [role=slider], label.btn, nav a')].filter((each) => each.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !each.closest('p, .check'));
    return controls.map((each) => ({ box: each.getBoundingClientRect(), name: each.outerHTML.slice(0, 90) })).filter(({ box }) => box.height < size - 0.5).map(({ box, name }) => `${Math.round(box.height)}: ${name}`);
  }, least);

for (const name of ['first', 'refused', 'numbers', 'compare', 'diagnose', 'palette', 'gguf'])
  test(`${name}: targets are 24 px, and 44 px on a phone`, async ({ page }) => {
    await page.setViewportSize({ width: 1280, height: 900 });
    await VIEWS[name]?.(page);
    if (name === 'refused') await settled(page);
    expect(await small(page, 24)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 780 });
    expect(await small(page, 44)).toEqual([]);
  });

test('forced colours: parts keep theirs, and the reading is there', async ({ page }) => {
  await page.emulateMedia({ forcedColors: 'active' });
  await planned(page, FITS);
  const colours = await page.evaluate(() => ['weights', 'kv'].map((part) => getComputedStyle(document.querySelector(`.seg.${part}`) as Element).backgroundColor));
  expect(new Set(colours).size).toBe(2);
  const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).disableRules(['color-contrast']).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);
});
