import { render } from 'preact';
import { App } from './App';
import { load } from './engine';
import { fetchViews } from './lazy';
import { Store } from './store';
import './style.css';

const root = document.getElementById('page');
if (root) {
  try {
    const store = new Store(await load(fetch('./vram.wasm')));
    if (location.hash.length > 1) {
      await fetchViews();
      await store.restore();
    }
    render(<App store={store} />, root);
    document.documentElement.dataset['ready'] = String(Math.round(performance.now()));
    addEventListener('popstate', () => void store.restore());
    void fetchViews().then(fetchViews);
    void store.meetService();
  } catch (error) {
    root.textContent = `The engine did not load: ${error instanceof Error ? error.message : error}. Serve vram.wasm beside this page as application/wasm.`;
  }
}
