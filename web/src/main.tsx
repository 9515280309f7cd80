import { render } from 'preact';
import { App } from './App';
import { load } from './engine';
import { fetchViews } from './lazy';
import { Store } from './store';
import './style.css';

async function readCatalogue(store: Store): Promise<void> {
  store.giveModels(await (await fetch('./models.txt')).text());
}

const root = document.getElementById('page');
if (root) {
  try {
    const store = new Store(await load(fetch('./vram.wasm')));
    if (location.hash.length > 1) {
      await Promise.all([readCatalogue(store), fetchViews()]);
      await store.restore();
    }
    render(<App store={store} />, root);
    document.documentElement.dataset['ready'] = String(Math.round(performance.now()));
    addEventListener('popstate', () => void store.restore());
    if (location.hash.length <= 1) void readCatalogue(store);
    void fetchViews().then(fetchViews);
    void store.meetService();
  } catch (error) {
    root.textContent = `The engine did not load: ${error instanceof Error ? error.message : error}. Serve vram.wasm beside this page as application/wasm.`;
  }
}
