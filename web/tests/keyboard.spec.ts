import { expect, test } from '@playwright/test';
import { FITS, open, planned, settled } from './page';
import { VIEWS } from './views';

test('the palette opens, completes, applies and gives focus back', async ({ page }) => {
  await open(page);
  await page.keyboard.press('/');
  const box = page.locator('#palette-text');
  await expect(box).toBeFocused();
  await page.keyboard.type('qwen3 8b on l40s 8K ctx');
  await expect(page.getByRole('option', { selected: true })).toContainText('Qwen/Qwen3-8B');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Starts');
  await page.keyboard.press('Control+k');
  await expect(page.locator('#palette-text')).toBeFocused();
  await page.keyboard.type('max-num-seqs 7');
  await page.keyboard.press('Enter');
  await expect(page.locator('#read')).toContainText('--max-num-seqs 7');
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Escape');
  await expect(page.locator('#palette-text')).toHaveCount(0);
});

test('rows of the ledger are walked with the arrow keys', async ({ page }) => {
  await planned(page, FITS);
  await page.getByRole('button', { name: 'Weights', exact: true }).focus();
  await expect(page.locator('#why-weights')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('button', { name: 'Activation peak' })).toBeFocused();
  await expect(page.locator('#why-activation')).toBeVisible();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(page.getByRole('button', { name: 'Free', exact: true })).toBeFocused();
});

test('the point of the curve is a slider', async ({ page }) => {
  await planned(page, FITS);
  await settled(page);
  const slider = page.getByRole('slider');
  await slider.focus();
  await page.keyboard.press('Shift+ArrowRight');
  await expect(slider).toHaveAttribute('aria-valuenow', '16384');
  await page.keyboard.press('ArrowLeft');
  await expect(slider).toHaveAttribute('aria-valuenow', '16368');
  await page.keyboard.press('Home');
  await expect(slider).toHaveAttribute('aria-valuenow', '1024');
});

test('single letters work outside text boxes and can be turned off', async ({ page }) => {
  await planned(page, FITS);
  await page.getByLabel('Describe a set-up').press('j');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.getByRole('button', { name: 'Weights', exact: true }).focus();
  await page.keyboard.press('?');
  await page.getByLabel('Single letters work outside text boxes').uncheck();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Weights', exact: true }).focus();
  await page.keyboard.press('j');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

/** Controls of the dialog that is open, else of the page, in document order: what Tab is to reach. */
const CONTROLS = `a[href], button, input, select, textarea, [tabindex="0"]`;

for (const [name, go] of Object.entries(VIEWS))
  test(`${name}: every control is reached by Tab, and shows that it is`, async ({ page }) => {
    await go(page);
    if (['fits', 'refused', 'two ranks'].includes(name)) await settled(page);
    const controls = await page.evaluate((selector) => {
      const root = document.querySelector('dialog[open]') ?? document;
      const all = [...root.querySelectorAll<HTMLElement>(selector)].filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.hasAttribute('disabled') && each.tabIndex >= 0);
      all.forEach((each, i) => each.setAttribute('data-control', String(i)));
      (document.activeElement as HTMLElement).blur();
      return all.length;
    }, CONTROLS);
    const reached = new Set<string>();
    for (let i = 0; i < controls + 8; i += 1) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        // What stands for a file input that only readers of a screen see shows its ring.
        const { outlineStyle, outlineWidth } = getComputedStyle((element.classList.contains('vh') && element.closest('label')) || element);
        return { control: element.dataset['control'], ring: outlineStyle !== 'none' && outlineWidth !== '0px', name: element.outerHTML.slice(0, 120) };
      });
      if (at.control === undefined) continue;
      expect(at.ring, at.name).toBe(true);
      reached.add(at.control);
    }
    const missed = await page.evaluate((known) => [...document.querySelectorAll<HTMLElement>('[data-control]')].filter((each) => !known.includes(each.dataset['control'] ?? '')).map((each) => each.outerHTML.slice(0, 120)), [...reached]);
    expect(missed).toEqual([]);
  });
